using InferMesh.Strategies.Hosting.DotNet;
using InferMesh.Strategies.Hosting.Wasm;
using InferMesh.Strategies.Training;

namespace InferMesh.Strategies.Hosting;

/// <summary>Loads plugins; one per process. Thread-safe.</summary>
public sealed class PluginHost : IDisposable
{
    private readonly PluginHostOptions _options;
    private readonly TimeProvider _time;
    private readonly Lazy<WasmRuntime> _wasm = new(() => new());
    private readonly Lazy<Watchdog> _watchdog;

    /// <summary>Creates a host.</summary>
    /// <param name="options">Whom it trusts, and what it grants.</param>
    /// <param name="time">Clock of deadlines and breakers; the system's when null.</param>
    public PluginHost(PluginHostOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _time) = (options, time ?? TimeProvider.System);
        _watchdog = new(() => new(_time));
    }

    /// <summary>Loads a package: compiles it, checks that it keeps to the contract and tries it out. Takes milliseconds to seconds; not for the way of a request.</summary>
    /// <param name="package">The package.</param>
    /// <param name="pin">Digest that it must have; null for whichever it has.</param>
    /// <param name="errors">What is wrong, when it is refused.</param>
    /// <returns>The plugin, which the caller disposes of; null when it is refused.</returns>
    public LoadedPlugin? TryLoad(PluginPackage package, string? pin, out IReadOnlyList<ParameterError> errors)
    {
        ArgumentNullException.ThrowIfNull(package);
        errors = [.. Refusals(package, pin)];
        if (errors.Count > 0) return null;
        var name = $"{package.Manifest.Name}@{package.Manifest.Version}";
        var guard = new PluginGuard(name, _options.Budget, _time);
        var log = new PluginLog(name, _options.Log, _time);
        return package.Manifest.Runtime switch
        {
            PluginRuntime.Wasm => WasmPlugin.TryLoad(package, _wasm.Value, guard, log, out errors),
            PluginRuntime.DotNet => DotNetPlugin.TryLoad(package, _watchdog.Value, guard, out errors),
            // A manifest that was read has none but these: what is neither is never taken for code that is trusted.
            var other => throw new InvalidOperationException($"There is no runtime {other}."),
        };
    }

    /// <summary>Ends the host's threads. Plugins are disposed of before.</summary>
    public void Dispose()
    {
        if (_wasm.IsValueCreated) _wasm.Value.Dispose();
        if (_watchdog.IsValueCreated) _watchdog.Value.Dispose();
    }

    private IEnumerable<ParameterError> Refusals(PluginPackage package, string? pin)
    {
        if (pin is not null && pin != package.Digest) yield return new("digest", $"Is {package.Digest}, not {pin} as pinned.");
        if (!_options.Development && !_options.AllowedDigests.Contains(package.Digest)) yield return new("digest", $"{package.Digest} is not among the packages that may be loaded.");
        var manifest = package.Manifest;
        if (StrategyCatalog.All.Concat(TrainingCatalog.All).Any(s => s.Name == manifest.Name)) yield return new("name", $"'{manifest.Name}' is a strategy of the catalogue.");
        if (manifest.Runtime == PluginRuntime.Wasm && package.Files[manifest.Main].Length > _options.MaxModuleBytes) yield return new("main", $"Has more than {_options.MaxModuleBytes} bytes.");
    }
}
