using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Training;

namespace InferMesh.Strategies.Hosting;

/// <summary>What a plugin has done so far.</summary>
/// <param name="Calls">Calls that went in.</param>
/// <param name="Fallbacks">Calls that the fallback answered, by why.</param>
/// <param name="IsBreakerOpen">Whether it is left alone now.</param>
/// <param name="IsQuarantined">Whether it is in quarantine, which only loading it anew ends.</param>
public sealed record PluginCounts(long Calls, IReadOnlyDictionary<PluginFailure, long> Fallbacks, bool IsBreakerOpen, bool IsQuarantined);

/// <summary>
/// A plugin that was loaded. Strategies that it made go on to be used after <see cref="Dispose"/>: their fallback answers then, so that whoever still holds one is not surprised.
/// Thread-safe.
/// </summary>
public abstract class LoadedPlugin : IDisposable
{
    private readonly PluginGuard _guard;

    private protected LoadedPlugin(PluginPackage package, PluginGuard guard, StrategyDescription description)
    {
        (Package, _guard, Description) = (new(package.Manifest.Name, package.Manifest.Version, package.Digest), guard, description);
        Kind = package.Manifest.Kind;
    }

    /// <summary>Which it is.</summary>
    public PluginIdentity Package { get; }

    /// <summary>What it decides.</summary>
    public PluginKind Kind { get; }

    /// <summary>Name, parameters and what it does.</summary>
    public StrategyDescription Description { get; }

    internal PluginGuard Guard => _guard;

    /// <summary>Whether it is in quarantine, which only loading it anew ends: its fallbacks answer.</summary>
    public bool IsQuarantined => _guard.IsQuarantined;

    /// <summary>What it has done so far.</summary>
    public PluginCounts Counts => new(
        _guard.Calls, Enum.GetValues<PluginFailure>().Where(f => _guard.Failures(f) > 0).ToDictionary(f => f, _guard.Failures), _guard.IsOpen, _guard.IsQuarantined);

    /// <summary>Checks parameters; an empty list means that a strategy can be made with them.</summary>
    public IReadOnlyList<ParameterError> Validate(IReadOnlyDictionary<string, double>? parameters) => StrategyCatalog.Validate(Description, parameters);

    /// <summary>Makes a routing strategy; its name is that of the plugin with the version, as in <c>my_mesh@1.0.0</c>.</summary>
    /// <param name="parameters">Those not given take their defaults.</param>
    /// <param name="fallback">Answers where the plugin does not; one that belongs to this strategy alone.</param>
    /// <param name="asked">Hears of each ranking, on its thread: <see cref="PluginFailure.None"/> where the plugin answered, otherwise why the fallback does; null when nobody asks.</param>
    /// <exception cref="ArgumentException"><see cref="Validate"/> finds an error.</exception>
    /// <exception cref="InvalidOperationException">The plugin does not rank, or could not make one.</exception>
    public IHostedStrategy CreateRouting(IReadOnlyDictionary<string, double>? parameters, IRoutingStrategy fallback, Action<PluginFailure>? asked = null)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        if (Kind != PluginKind.Routing) throw new InvalidOperationException($"{Package} does not rank.");
        var complete = Complete(parameters);
        return new HostedRouting(Package, complete, Rank(complete), fallback, _guard, asked);
    }

    /// <summary>Makes a training strategy, named as one that ranks is; it gives hints too (<see cref="ICollectiveStrategy"/>), those of the built-in planner where the plugin has none.</summary>
    /// <param name="parameters">Those not given take their defaults.</param>
    /// <param name="fallback">Answers where the plugin does not.</param>
    /// <param name="asked">Hears of each placement, as of a ranking; null when nobody asks.</param>
    /// <exception cref="ArgumentException"><see cref="Validate"/> finds an error.</exception>
    /// <exception cref="InvalidOperationException">The plugin does not place, or could not make one.</exception>
    public ITrainingStrategy CreateTraining(IReadOnlyDictionary<string, double>? parameters, ITrainingStrategy fallback, Action<PluginFailure>? asked = null)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        if (Kind != PluginKind.Training) throw new InvalidOperationException($"{Package} does not place.");
        return new HostedTraining(Package.ToString(), Place(Complete(parameters)), fallback, _guard, asked);
    }

    /// <summary>Unloads it.</summary>
    public void Dispose()
    {
        _guard.Unload();
        Unload();
        GC.SuppressFinalize(this);
    }

    private protected abstract IRoutingGuest Rank(IReadOnlyDictionary<string, double> parameters);

    private protected abstract ITrainingGuest Place(IReadOnlyDictionary<string, double> parameters);

    private protected abstract void Unload();

    private protected IReadOnlyDictionary<string, double> Complete(IReadOnlyDictionary<string, double>? parameters)
    {
        if (Validate(parameters) is [var first, ..]) throw new ArgumentException($"{first.Field}: {first.Message}", nameof(parameters));
        return Description.Parameters.ToDictionary(p => p.Name, p => parameters is not null && parameters.TryGetValue(p.Name, out var v) ? v : p.Default);
    }
}
