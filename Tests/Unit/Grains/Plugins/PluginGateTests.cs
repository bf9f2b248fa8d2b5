using System.Text;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Strategies.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Grains.Plugins;

/// <summary>Who may push what.</summary>
[TestClass]
public sealed class PluginGateTests
{
    private static readonly Dictionary<string, byte[]> Files = new() { ["main.wasm"] = Packages.Text(Packages.Pick()) };
    private static readonly PluginManifest Manifest = Packages.Wasm(Files["main.wasm"]).Manifest;

    [TestMethod]
    public async Task Push_OfWhatIsAllowed_IsAccepted()
    {
        var pushed = await PushAsync(new() { Development = true }, Packages.Zip(Files, Manifest));
        Assert.AreEqual((PluginStatus.Accepted, "wasm"), (pushed.Status, pushed.Plugin?.Spec.Versions[0].Runtime), string.Join("; ", pushed.Errors));
        Assert.AreEqual((PluginStatus.Invalid, "digest"), await FieldAsync(new(), Packages.Zip(Files, Manifest)));
    }

    [TestMethod]
    public async Task Push_OfCodeForTheProcess_NeedsThePermission()
    {
        var trusted = Packages.Zip(Files, Manifest with { Runtime = PluginRuntime.DotNet });
        Assert.AreEqual((PluginStatus.Forbidden, "runtime"), await FieldAsync(new() { Development = true }, trusted));
        Assert.AreEqual((PluginStatus.Invalid, "main"), await FieldAsync(new() { Development = true }, trusted, mayTrust: true), "It is let in, and is no assembly.");
        var wrong = Packages.Zip(new() { ["main.wasm"] = [1] }, Manifest with { Runtime = PluginRuntime.DotNet });
        Assert.AreEqual((PluginStatus.Forbidden, "runtime"), await FieldAsync(new() { Development = true }, wrong), "Nothing is unpacked for who may not push it.");
    }

    [TestMethod]
    [DataRow("2")]
    [DataRow("\"2\"")]
    [DataRow("1")]
    [DataRow("255")]
    public async Task Push_OfARuntimeByItsNumber_IsRefused(string runtime)
    {
        var json = Encoding.UTF8.GetString(Manifest.ToJson());
        var numbered = json.Replace("\"wasm\"", runtime, StringComparison.Ordinal);
        Assert.AreNotEqual(json, numbered);
        foreach (var mayTrust in new[] { false, true })
            Assert.AreEqual((PluginStatus.Invalid, PluginManifest.FileName), await FieldAsync(new() { Development = true, AllowDotNet = true }, Packages.Zip(Files, Encoding.UTF8.GetBytes(numbered)), mayTrust));
    }

    [TestMethod]
    public async Task Push_OfWhatSaysThatItPlacesJobsAndDoesNot_IsRefused() =>
        Assert.AreEqual((PluginStatus.Invalid, "main"), await FieldAsync(new() { Development = true }, Packages.Zip(Files, Manifest with { Kind = PluginKind.Training })));

    private static async Task<(PluginStatus, string)> FieldAsync(PluginSettings settings, byte[] archive, bool mayTrust = false)
    {
        var result = await PushAsync(settings, archive, mayTrust);
        return (result.Status, result.Errors.Single().Field);
    }

    private static async Task<PluginResult> PushAsync(PluginSettings settings, byte[] archive, bool mayTrust = false)
    {
        using var loader = new PluginLoader(null!, new Fixed<PluginSettings>(settings), TimeProvider.System, NullLogger<PluginLoader>.Instance);
        return await new PluginGateGrain(loader, TimeProvider.System).Push(new(archive, mayTrust, DryRun: true), "test");
    }
}
