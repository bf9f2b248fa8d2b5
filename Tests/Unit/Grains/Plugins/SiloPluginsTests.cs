using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Policies;
using InferMesh.Grains.Routing.Shadows;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using InferMesh.Tests.Unit.Grains.Routing;
using InferMesh.Tests.Unit.Silo.Storage;
using InferMesh.Tests.Unit.Strategies;
using InferMesh.Tests.Unit.Strategies.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Plugins;

/// <summary>What a silo serves, as versions come, fail and go.</summary>
[TestClass]
public sealed class SiloPluginsTests : IAsyncDisposable
{
    private static readonly PluginReference Enabled = new("guest", "");
    private static readonly (PluginVersion Version, byte[] Archive) One = Make("1.0.0");
    private static readonly (PluginVersion Version, byte[] Archive) Two = Make("2.0.0");

    private readonly FakeIndex _index = new();
    private readonly FakePackages _packages = new();
    // A busy machine makes no plugin late here.
    private readonly Changing<PluginSettings> _settings = new(new() { Development = true, RoutingDeadline = TimeSpan.FromSeconds(1) });
    private readonly FakeSiloLifecycle _lifecycle = new();
    private readonly PluginLoader _loader;
    private readonly SiloPlugins _plugins;

    public SiloPluginsTests()
    {
        var grains = new FakeGrains().Add<IPluginIndexGrain>(_ => _index).Add(_packages.Of);
        _loader = new(grains, _settings, TimeProvider.System, NullLogger<PluginLoader>.Instance);
        var routing = Options.Create(new RoutingSettings { LongPoll = TimeSpan.FromMilliseconds(100) });
        _plugins = new(grains, _loader, TimeProvider.System, routing, _settings, NullLogger<SiloPlugins>.Instance);
        _plugins.Participate(_lifecycle);
    }

    public async ValueTask DisposeAsync()
    {
        await _lifecycle.StopAsync();
        _plugins.Dispose();
        _loader.Dispose();
    }

    [TestMethod]
    public async Task LoadThatFails_KeepsWhatServed_UntilItSucceeds()
    {
        _packages.Put(One);
        _index.List(One.Version, One.Version);
        await _lifecycle.StartAsync();
        await ServesAsync("1.0.0");

        _index.List(Two.Version, Two.Version, One.Version);
        await UntilAsync(() => _packages.Gets(Two.Version.Digest) >= 2, "tried again soon");
        Assert.AreEqual("1.0.0", _plugins.Find(Enabled)?.Package.Version);
        _packages.Put(Two);
        await ServesAsync("2.0.0");
        _index.List(null, Two.Version, One.Version);
        await UntilAsync(() => _plugins.Find(Enabled) is null, "disabled");
    }

    [TestMethod]
    public async Task VersionThatWasRemoved_DoesNotStandInForAnother()
    {
        _packages.Put(One);
        _index.List(One.Version, One.Version);
        await _lifecycle.StartAsync();
        await ServesAsync("1.0.0");
        _index.List(Two.Version, Two.Version);
        await UntilAsync(() => _plugins.Find(Enabled) is null, "gone");
    }

    [TestMethod]
    public async Task DigestThatIsAllowedNoMore_IsUnloadedAtOnce_AndLoadedWhenItIsAgain()
    {
        _settings.Set(new() { AllowedDigests = [One.Version.Digest] });
        _packages.Put(One);
        _packages.Put(Two);
        _index.List(One.Version, Two.Version, One.Version);
        await _lifecycle.StartAsync();
        await ServesAsync("1.0.0");

        _index.List(Two.Version, Two.Version, One.Version);
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.AreEqual("1.0.0", _plugins.Find(Enabled)?.Package.Version, "The new one may not be loaded.");
        Assert.AreEqual(0, _packages.Gets(Two.Version.Digest), "What is not allowed is not fetched.");

        _settings.Set(new());
        await UntilAsync(() => _plugins.Find(Enabled) is null, "not allowed any more");
        _settings.Set(new() { AllowedDigests = [One.Version.Digest, Two.Version.Digest] });
        await ServesAsync("2.0.0");
    }

    [TestMethod]
    public async Task Ready_WaitsForWhatPoliciesNameByVersion()
    {
        _packages.Put(One);
        _packages.Put(Two);
        _index.List(Two.Version, Two.Version, One.Version);
        await _lifecycle.StartAsync();
        await ServesAsync("2.0.0");
        var strategies = new PolicyStrategies(_plugins.Find);
        _plugins.InForce(strategies, isKnown: false);
        await Task.Delay(TimeSpan.FromMilliseconds(100));
        Assert.IsFalse(_plugins.Ready.IsCompleted, "Policies were not read yet.");

        strategies.For("p", new() { Strategy = "guest@1.0.0" });
        _plugins.InForce(strategies, isKnown: true);
        await _plugins.Ready.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.AreEqual("1.0.0", _plugins.Find(new("guest", "1.0.0"))?.Package.Version);
    }

    [TestMethod]
    public async Task ShadowThatIsAPlugin_IsMadeBesideRequests_AndIsNotAskedOnceItIsUnloaded()
    {
        _packages.Put(One);
        _index.List(One.Version, One.Version);
        await _lifecycle.StartAsync();
        await ServesAsync("1.0.0");
        using var judge = new ShadowJudge(Options.Create(new RoutingSettings { ShadowStrategy = "guest" }), _plugins, null!, new LocalSilo(), NullLogger<ShadowJudge>.Instance);
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b")]);
        ShadowCase? Open() => judge.Open(table.Models[Tables.Model], Tables.Request(), Tables.Decide(table, "baseline_rr"), Tables.NowTicks, 0, 0);
        Assert.IsNull(Open(), "code of a plugin runs on the way of no request");

        var silo = new FakeSiloLifecycle();
        judge.Participate(silo);
        await silo.StartAsync();
        ShadowCase? about = null;
        await UntilAsync(() => (about = Open()) is not null, "made");
        Assert.AreEqual("guest@1.0.0", about!.Shadow);
        Assert.IsNotNull(about.Compare());

        _index.List(null, One.Version);
        await UntilAsync(() => about.Compare() is null, "its fallback would be booked under its name");
        await UntilAsync(() => Open() is null, "nobody is asked");
        await silo.StopAsync();
    }

    private Task ServesAsync(string version) => UntilAsync(() => _plugins.Find(Enabled)?.Package.Version == version, $"{version} serves");

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var until = DateTime.UtcNow.AddSeconds(30); !condition(); await Task.Delay(10))
        {
            if (DateTime.UtcNow > until) Assert.Fail($"Not in 30 s: {what}.");
        }
    }

    private static (PluginVersion Version, byte[] Archive) Make(string version)
    {
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = Packages.Text(Packages.Pick()) };
        var manifest = new PluginManifest { Name = "guest", Version = version, Kind = PluginKind.Routing, Runtime = PluginRuntime.Wasm, Main = "main.wasm", Files = Packages.Hashes(files) };
        return (new() { Version = version, Digest = Packages.Of(files, manifest).Digest, Runtime = "wasm" }, Packages.Zip(files, manifest));
    }

    private sealed class FakeIndex : IPluginIndexGrain
    {
        private volatile PluginListing _listing = new(1, 1, []);

        public void List(PluginVersion? current, params IReadOnlyList<PluginVersion> versions) => _listing = new(
            1, _listing.Version + 1, [new() { Name = "guest", Spec = new() { Versions = versions, Current = current?.Version ?? versions[0].Version, Enabled = current is not null } }]);

        public Task Changed(MeshPlugin plugin) => throw new NotSupportedException();

        public Task<PluginListing> List() => Task.FromResult(_listing);

        public async Task<PluginListing?> WaitForNewer(long incarnation, long version, TimeSpan wait)
        {
            await Task.Delay(10);
            return _listing is { } listing && listing.Version != version ? listing : null;
        }
    }

    private sealed class FakePackages
    {
        private readonly Dictionary<string, byte[]> _archives = [];
        private readonly Dictionary<string, int> _gets = [];
        private readonly Lock _gate = new();

        public void Put((PluginVersion Version, byte[] Archive) one)
        {
            lock (_gate) _archives[one.Version.Digest] = one.Archive;
        }

        public int Gets(string digest)
        {
            lock (_gate) return _gets.GetValueOrDefault(digest);
        }

        public IPluginPackageGrain Of(string digest) => new Package(this, digest);

        private byte[]? Get(string digest)
        {
            lock (_gate)
            {
                _gets[digest] = _gets.GetValueOrDefault(digest) + 1;
                return _archives.GetValueOrDefault(digest);
            }
        }

        private sealed class Package(FakePackages all, string digest) : IPluginPackageGrain
        {
            public Task<byte[]?> Get() => Task.FromResult(all.Get(digest));

            public Task Put(byte[] archive) => throw new NotSupportedException();

            public Task Delete() => throw new NotSupportedException();
        }
    }

    /// <summary>Options that change when told.</summary>
    private sealed class Changing<T>(T value) : IOptionsMonitor<T>
    {
        private Action<T, string?>? _listeners;
        private T _value = value;

        public T CurrentValue => _value;

        public T Get(string? name) => _value;

        public void Set(T value)
        {
            _value = value;
            _listeners?.Invoke(value, null);
        }

        public IDisposable? OnChange(Action<T, string?> listener)
        {
            _listeners += listener;
            return null;
        }
    }
}
