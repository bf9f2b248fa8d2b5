using InferMesh.Cli.Sim.Plugins;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Cli.Decisions;

/// <summary>The strategy that recorded decisions are put to: one of the catalogue, or of a plugin.</summary>
internal sealed class Challenger : IDisposable
{
    private readonly SortedDictionary<string, long> _fallbacks = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, double> _parameters;
    private readonly SimPlugins? _plugins;

    private Challenger(string name, IReadOnlyList<ParameterError> errors, IReadOnlyDictionary<string, double> parameters, SimPlugins? plugins)
    {
        (Name, _parameters, _plugins) = (name, parameters, plugins);
        if (errors is not [var first, ..]) return;
        plugins?.Dispose();
        throw new UsageException(first.Field == "strategy" ? $"--strategy: {first.Message}" : $"--parameter: {first.Field["parameters.".Length..]}: {first.Message}");
    }

    /// <summary>Its name; with the version, when it is of a plugin.</summary>
    public string Name { get; }

    /// <summary>Digest of its plugin; null when it is of the catalogue.</summary>
    public string? Digest => _plugins?.NotRecorded.Single().Digest;

    /// <summary>Rankings that the plugin's fallback made, by why.</summary>
    public IReadOnlyDictionary<string, long> Fallbacks => _fallbacks;

    /// <summary>One of the catalogue.</summary>
    /// <exception cref="UsageException">There is none of that name, or it does not take the parameters.</exception>
    public static Challenger OfCatalogue(string name, IReadOnlyDictionary<string, double> parameters) => new(name, StrategyCatalog.Validate(name, parameters), parameters, null);

    /// <summary>That of a plugin, with the fallback that a policy has when it names none.</summary>
    /// <exception cref="UsageException">The package cannot be loaded or does not rank, or does not take the parameters.</exception>
    public static Challenger OfPlugin(string path, IReadOnlyDictionary<string, double> parameters)
    {
        const string Option = "--strategy-plugin";
        var plugins = SimPlugins.Load([path], 1, Option)!;
        // With its version: the name alone is there as well.
        if (plugins.Routing is [.., var description]) return new(description.Name, StrategyCatalog.Validate(description, parameters), parameters, plugins);
        plugins.Dispose();
        throw new UsageException($"{Option}: '{path}' places jobs; it must be a plugin that ranks");
    }

    /// <summary>Makes a strategy.</summary>
    /// <exception cref="UsageException">The plugin cannot make one.</exception>
    public IRoutingStrategy Create()
    {
        if (_plugins is null) return StrategyCatalog.Create(Name, _parameters);
        try
        {
            return _plugins.CreateRouting(Name, _parameters, StrategyCatalog.Create(StrategyCatalog.DefaultFallback), Asked);
        }
        catch (InvalidOperationException e)
        {
            throw new UsageException($"--strategy-plugin: {e.Message}");
        }
    }

    public void Dispose() => _plugins?.Dispose();

    private void Asked(string? why)
    {
        if (why is not null) _fallbacks[why] = _fallbacks.GetValueOrDefault(why) + 1;
    }
}
