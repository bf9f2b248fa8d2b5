using System.ComponentModel.DataAnnotations;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
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

    [TestMethod]
    public async Task LoadAsync_OfContentThatDoesNotCome_EndsAfterHalfAMinute()
    {
        var (time, content) = (new ManualTime(), new Slow());
        using var loader = new PluginLoader(new FakeGrains().Add<IPluginPackageGrain>(_ => content), new Fixed<PluginSettings>(new() { Development = true }), time, NullLogger<PluginLoader>.Instance);
        var load = loader.LoadAsync(Sandboxed.Digest);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.IsFalse(load.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => load);
        // What comes late is nobody's.
        content.Archive.SetResult(null);
    }

    [TestMethod]
    public async Task Trials_TwoAreUnderWay_TheThirdIsTurnedAway()
    {
        var content = new Slow();
        using var loader = new PluginLoader(new FakeGrains().Add<IPluginPackageGrain>(_ => content), new Fixed<PluginSettings>(new() { Development = true }), TimeProvider.System, NullLogger<PluginLoader>.Instance);
        using var trials = new PluginTrials(loader, null!);
        var two = Enumerable.Range(0, 2).Select(_ => trials.TryAsync([], Sandboxed.Digest, new RoutingSpec { Strategy = "guest" })).ToArray();
        var refused = await Assert.ThrowsExactlyAsync<TimeoutException>(() => trials.TryAsync([], Sandboxed.Digest, new RoutingSpec { Strategy = "guest" }));
        StringAssert.Contains(refused.Message, "busy with 2 other trials");
        content.Archive.SetResult(null);
        foreach (var trial in two) Assert.AreEqual("digest", (await trial).Errors.Single().Field);
        Assert.AreEqual("digest", (await trials.TryAsync([], Sandboxed.Digest, new RoutingSpec { Strategy = "guest" })).Errors.Single().Field, "There is a turn again.");
    }

    /// <summary>Content that is on its way.</summary>
    private sealed class Slow : IPluginPackageGrain
    {
        public TaskCompletionSource<byte[]?> Archive { get; } = new();

        public Task<byte[]?> Get() => Archive.Task;

        public Task Put(byte[] archive) => throw new NotSupportedException();

        public Task Delete() => throw new NotSupportedException();
    }

    private static string Fields(PluginSettings settings, PluginPackage package)
    {
        using var loader = new PluginLoader(null!, new Fixed<PluginSettings>(settings), TimeProvider.System, NullLogger<PluginLoader>.Instance);
        using var plugin = loader.TryLoad(package, out var errors);
        Assert.AreEqual(errors.Count == 0, plugin is not null);
        return string.Join(' ', errors.Select(static e => e.Field));
    }
}
