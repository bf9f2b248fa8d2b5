using System.ComponentModel.DataAnnotations;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Strategies.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Grains.Plugins;

/// <summary>Whom silos trust.</summary>
[TestClass]
public sealed class PluginLoaderTests
{
    private static readonly PluginPackage Sandboxed = Packages.Wasm(Packages.Text(Packages.Pick()));

    [TestMethod]
    public void TryLoad_ByDefault_RefusesEverything()
    {
        Assert.AreEqual("digest", Fields(new(), Sandboxed));
        Assert.AreEqual("digest runtime", Fields(new(), Packages.HybridDotNet()));
    }

    [TestMethod]
    public void TryLoad_OfWhatIsAllowed_Loads()
    {
        Assert.AreEqual("", Fields(new() { AllowedDigests = [Sandboxed.Digest] }, Sandboxed));
        var trusted = Packages.HybridDotNet();
        Assert.AreEqual("runtime", Fields(new() { AllowedDigests = [trusted.Digest] }, trusted));
        Assert.AreEqual("", Fields(new() { AllowedDigests = [trusted.Digest], AllowDotNet = true }, trusted));
        Assert.AreEqual("", Fields(new() { Development = true }, trusted));
    }

    [TestMethod]
    public void TryLoad_OfWhatTheHostRefuses_SaysWhy() => Assert.AreEqual("main", Fields(new() { Development = true }, Packages.Wasm([1, 2, 3])));

    [TestMethod]
    [DataRow("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0)]
    [DataRow("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", 1)]
    [DataRow("abc", 1)]
    public void Settings_WithADigestThatIsNone_AreRefused(string digest, int errors)
    {
        var settings = new PluginSettings { AllowedDigests = [digest] };
        Assert.HasCount(errors, settings.Validate(new ValidationContext(settings)).ToArray());
    }

    private static string Fields(PluginSettings settings, PluginPackage package)
    {
        using var loader = new PluginLoader(null!, new Fixed<PluginSettings>(settings), NullLogger<PluginLoader>.Instance);
        using var plugin = loader.TryLoad(package, out var errors);
        Assert.AreEqual(errors.Count == 0, plugin is not null);
        return string.Join(' ', errors.Select(static e => e.Field));
    }
}
