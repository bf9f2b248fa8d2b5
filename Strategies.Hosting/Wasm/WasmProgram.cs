using Wasmtime;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>A compiled module that keeps to the interface.</summary>
internal sealed class WasmProgram : IDisposable
{
    private static readonly (string Name, ValueKind[] Parameters, ValueKind[] Results)[] Offered =
    [
        ("log", [ValueKind.Int32, ValueKind.Int32, ValueKind.Int32], []),
        ("random", [], [ValueKind.Int64]),
    ];

    private static readonly (string Name, ValueKind[] Parameters, ValueKind[] Results)[] Always =
    [
        ("im_abi_version", [], [ValueKind.Int32]),
        ("im_reserve", [ValueKind.Int32], [ValueKind.Int32]),
    ];

    private static readonly (string Name, ValueKind[] Parameters, ValueKind[] Results)[] Routing = [("im_columns", [], [ValueKind.Int64]), ("im_rank", [ValueKind.Int32], [ValueKind.Int32])];
    private static readonly (string Name, ValueKind[] Parameters, ValueKind[] Results)[] Training = [("im_place", [ValueKind.Int32], [ValueKind.Int32])];

    private WasmProgram(Module module) => Module = module;

    public Module Module { get; }

    /// <summary>Whether it has <c>im_hint</c>, which a training plugin need not have.</summary>
    public bool Hints => Module.Exports.OfType<FunctionExport>().Any(static e => e.Name == "im_hint" && e.Parameters is [ValueKind.Int32] && e.Results is [ValueKind.Int32]);

    /// <summary>Compiles; null with the reason when the bytes are no module, or one that does not keep to the interface.</summary>
    public static WasmProgram? TryCompile(Engine engine, string name, ReadOnlySpan<byte> bytes, PluginKind kind, out string error)
    {
        Module module;
        try
        {
            module = Module.FromBytes(engine, name, bytes);
        }
        catch (WasmtimeException e)
        {
            error = $"Not a module that can be compiled: {e.Message}";
            return null;
        }
        error = Errors(module, kind);
        if (error.Length == 0) return new(module);
        module.Dispose();
        return null;
    }

    public void Dispose() => Module.Dispose();

    private static string Errors(Module module, PluginKind kind)
    {
        foreach (var import in module.Imports)
        {
            var offer = Array.Find(Offered, o => import.ModuleName == WasmAbi.HostModule && import.Name == o.Name);
            if (offer.Name is null || import is not FunctionImport function || !function.Parameters.SequenceEqual(offer.Parameters) || !function.Results.SequenceEqual(offer.Results))
                return $"Imports {import.ModuleName}.{import.Name}, which the host does not offer.";
        }
        if (module.Exports.OfType<MemoryExport>().All(e => e.Name != "memory")) return "Does not export its memory as 'memory'.";
        foreach (var (name, parameters, results) in Always.Concat(kind == PluginKind.Routing ? Routing : Training))
        {
            var found = module.Exports.OfType<FunctionExport>().FirstOrDefault(e => e.Name == name);
            if (found is null || !found.Parameters.SequenceEqual(parameters) || !found.Results.SequenceEqual(results))
                return $"Does not export {name}({string.Join(", ", parameters)}) -> ({string.Join(", ", results)}).";
        }
        return "";
    }
}
