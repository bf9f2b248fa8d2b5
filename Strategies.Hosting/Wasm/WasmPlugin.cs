using InferMesh.Strategies.Learning;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>A plugin in WASM.</summary>
internal sealed class WasmPlugin : LoadedPlugin
{
    // What a plugin that does not name them learns with: as hybrid_mesh by default.
    private const double LearningRate = 0.05, MaxCorrection = 1.5, MemorySeconds = 120;

    private readonly WasmProgram _program;
    private readonly WasmPool _pool;
    private readonly ulong _columns;

    private WasmPlugin(PluginPackage package, PluginGuard guard, WasmProgram program, WasmPool pool, ulong columns)
        : base(package, guard, new(package.Manifest.Name, package.Manifest.Description, package.Manifest.Parameters)) =>
        (_program, _pool, _columns) = (program, pool, columns);

    public static WasmPlugin? TryLoad(PluginPackage package, WasmRuntime runtime, PluginGuard guard, PluginLog log, out IReadOnlyList<ParameterError> errors)
    {
        var manifest = package.Manifest;
        if (WasmProgram.TryCompile(runtime.Engine, manifest.Name, package.Files[manifest.Main], manifest.Kind, out var error) is not { } program)
        {
            errors = [new("main", error)];
            return null;
        }
        var entry = manifest.Kind == PluginKind.Routing ? "im_rank" : "im_place";
        var pool = new WasmPool(guard.Plugin, guard.Budget.MaxInstances, () => WasmInstance.TryCreate(runtime, program, guard.Budget, entry, log.Write, out _));
        // The first instance shows whether the module can be one, before a request has to find out.
        if (WasmInstance.TryCreate(runtime, program, guard.Budget, entry, log.Write, out error) is not { } first)
        {
            program.Dispose();
            errors = [new("main", $"No instance can be made: {error}")];
            return null;
        }
        using (first) errors = [];
        return new(package, guard, program, pool, first.Columns);
    }

    /// <summary>Ranks whole batches: without breaker and fallback, which are the caller's.</summary>
    internal WasmRouting Batches(IReadOnlyDictionary<string, double>? parameters) => Routing(Complete(parameters));

    private protected override IRoutingGuest Rank(IReadOnlyDictionary<string, double> parameters) => Routing(parameters);

    private protected override ITrainingGuest Place(IReadOnlyDictionary<string, double> parameters) => new WasmTraining(_pool, Guard.Budget, Values(parameters), _program.Hints);

    private double[] Values(IReadOnlyDictionary<string, double> parameters) => [.. Description.Parameters.Select(p => parameters[p.Name])];

    private WasmRouting Routing(IReadOnlyDictionary<string, double> parameters)
    {
        var learned = new ServiceCorrections(
            parameters.GetValueOrDefault("learning_rate", LearningRate), parameters.GetValueOrDefault("max_correction", MaxCorrection), parameters.GetValueOrDefault("memory_seconds", MemorySeconds));
        return new(_pool, Guard.Budget, Values(parameters), learned, _columns);
    }

    private protected override void Unload()
    {
        _pool.Dispose();
        _program.Dispose();
    }
}
