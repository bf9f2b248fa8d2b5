using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Benchmarks;

/// <summary>
/// hybrid_mesh as the built-in, as a .NET plugin and as WASM plugins, side by side: one ranking among 512 targets with all that the host does around it. A tracked set is searched by the
/// built-in and the .NET plugin in less than a scan; a WASM plugin sees columns and scans them.
/// </summary>
public class PluginBenchmarks
{
    private static readonly PluginHost Host = new(new() { Development = true, Budget = new() { RoutingDeadline = TimeSpan.FromSeconds(1), AbortAfter = TimeSpan.FromSeconds(10) } });

    private readonly FilterReason[] _filter = new FilterReason[512];
    private TargetSet _targets = null!;
    private IRoutingStrategy _builtIn = null!;
    private IRoutingStrategy _dotNet = null!;
    private IRoutingStrategy _c = null!;
    private IRoutingStrategy _rust = null!;
    private IRoutingStrategy _assemblyScript = null!;
    private RoutingRequest _request = null!;
    private bool _tracked;
    private ulong _sequence;

    /// <summary>Bytes of a request: those that have some are priced by the class of their link too.</summary>
    [Params(0, 3_000)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _targets = new(Fleet.Model, Fleet.Rows(512));
        _request = Fleet.Request with { PayloadBytes = PayloadBytes };
        _builtIn = StrategyCatalog.Create("hybrid_mesh");
        _dotNet = Load("InferMesh.Plugins.HybridMesh.dll", Path.Combine(AppContext.BaseDirectory, "InferMesh.Plugins.HybridMesh.dll"), "hybrid_mesh_plugin", PluginRuntime.DotNet);
        _c = Guest("c");
        _rust = Guest("rust");
        _assemblyScript = Guest("assemblyscript");
        // So that there is something learned to correct by.
        foreach (var strategy in new[] { _builtIn, _dotNet, _c, _rust, _assemblyScript }.Cast<ILearningStrategy>())
        {
            strategy.Dispatched(new(_targets, _request, [], Fleet.NowTicks, 0, 0), 0);
            for (var i = 0; i < 512; i++) strategy.Completed(new(_targets.Identity[i], 700, 200, 2, 4, 0.1 + i % 7 * 0.05, 2, i % 50 > 0, Fleet.NowTicks, default));
        }
    }

    /// <summary>All of them, by name; <see cref="BuiltIn"/> first.</summary>
    internal IReadOnlyList<(string Name, Func<int> Rank)> All => [("built-in", BuiltIn), (".NET plugin", DotNet), ("WASM, C", WasmC), ("WASM, Rust", WasmRust), ("WASM, AssemblyScript", WasmAssemblyScript)];

    /// <summary>Makes the set one that is searched, as a router's is.</summary>
    internal void Track()
    {
        _targets.Track();
        _tracked = true;
    }

    [Benchmark(Baseline = true)]
    public int BuiltIn() => Rank(_builtIn);

    [Benchmark]
    public int DotNet() => Rank(_dotNet);

    [Benchmark]
    public int WasmC() => Rank(_c);

    [Benchmark]
    public int WasmRust() => Rank(_rust);

    [Benchmark]
    public int WasmAssemblyScript() => Rank(_assemblyScript);

    private int Rank(IRoutingStrategy strategy)
    {
        Span<RankedTarget> best = stackalloc RankedTarget[3];
        var sequence = _sequence++;
        if (_tracked) DecisionKernel.Pick(_targets, _request, PolicySet.Defaults with { Strategy = strategy }, Fleet.NowTicks, sequence, sequence, best);
        else strategy.Rank(new(_targets, _request, _filter, Fleet.NowTicks, sequence, sequence), best);
        return best[0].Target;
    }

    private static IRoutingStrategy Guest(string language) => Load("main.wasm", Path.Combine(Root(), "Plugins", "prebuilt", $"hybrid_mesh_{language}.wasm"), $"hybrid_mesh_{language}", PluginRuntime.Wasm);

    private static IRoutingStrategy Load(string main, string path, string name, PluginRuntime runtime)
    {
        var content = File.ReadAllBytes(path);
        var manifest = new PluginManifest
        {
            Name = name,
            Version = "1.0.0",
            Kind = PluginKind.Routing,
            Runtime = runtime,
            Main = main,
            Files = new Dictionary<string, string> { [main] = Convert.ToHexStringLower(SHA256.HashData(content)) },
            Parameters = StrategyCatalog.All.Single(s => s.Name == "hybrid_mesh").Parameters,
        };
        var package = PluginPackage.TryCreate(new Dictionary<string, byte[]> { [PluginManifest.FileName] = manifest.ToJson(), [main] = content }, out var errors);
        var plugin = package is null ? null : Host.TryLoad(package, null, out errors);
        return plugin?.CreateRouting(null, StrategyCatalog.Create("baseline_rr")) ?? throw new InvalidOperationException(string.Join("; ", errors));
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "InferMesh.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("No InferMesh.sln above.");
        return folder;
    }
}
