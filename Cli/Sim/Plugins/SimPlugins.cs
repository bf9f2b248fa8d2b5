using InferMesh.Simulator;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Training;

namespace InferMesh.Cli.Sim.Plugins;

/// <summary>
/// Plugins that a simulation or a replay runs, out of the packages that the mesh takes. Both give equal results however fast their machine is: what a plugin may use is counted in instructions, not in time, and one
/// that fails is asked again each time, because for how long it would be left alone is a matter of the clock.
/// </summary>
internal sealed class SimPlugins : IStrategySource, IDisposable
{
    // No call that ends comes near it; one that does not must not keep the command for ever.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly PluginHost _host;
    private readonly List<LoadedPlugin> _plugins = [];
    private readonly Dictionary<string, LoadedPlugin> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<LoadedPlugin> _recorded = [];
    private readonly string _option;

    private SimPlugins(int threads, string option) => (_option, _host) = (option, new(new()
    {
        // Whoever names a file on a command line has chosen to run it.
        Development = true,
        Budget = new()
        {
            RoutingDeadline = Deadline,
            TrainingDeadline = Deadline,
            MaxInstances = threads,
            Breaker = new(MinFailures: int.MaxValue),
        },
    }));

    public IReadOnlyList<StrategyDescription> Routing { get; private set; } = [];

    public IReadOnlyList<StrategyDescription> Training { get; private set; } = [];

    /// <summary>The name of each that ranks, once: without its version where no other is given.</summary>
    public IEnumerable<string> Ranking => _plugins.Where(static p => p.Kind == PluginKind.Routing).Select(p => _byName.ContainsKey(p.Package.Name) ? p.Package.Name : p.Package.ToString());

    /// <summary>Those that no recorded decision was made with.</summary>
    public IEnumerable<PluginIdentity> NotRecorded => _plugins.Where(p => !_recorded.Contains(p)).Select(static p => p.Package);

    /// <summary>Which they are, with their digests: what differs here may decide otherwise.</summary>
    public override string ToString() => string.Concat(_plugins.Select(static p => $"# plugin {p.Package} {p.Package.Digest}\n"));

    /// <summary>A configuration with comments that say which plugins it was run with.</summary>
    public static string Note(string configYaml, SimPlugins? plugins) => configYaml + plugins;

    /// <summary>Loads packages; null when there are none.</summary>
    /// <param name="paths">Folders or zip archives.</param>
    /// <param name="threads">Runs at the same time.</param>
    /// <param name="option">The option that names them.</param>
    /// <exception cref="UsageException">One cannot be loaded, or stands there twice.</exception>
    public static SimPlugins? Load(IReadOnlyList<string> paths, int threads, string option = "--plugin")
    {
        if (paths.Count == 0) return null;
        var plugins = new SimPlugins(threads, option);
        try
        {
            foreach (var path in paths) plugins.Add(path);
            plugins.Name();
            return plugins;
        }
        catch (UsageException)
        {
            plugins.Dispose();
            throw;
        }
    }

    public IRoutingStrategy CreateRouting(string name, IReadOnlyDictionary<string, double>? parameters, IRoutingStrategy fallback, Action<string?> asked) =>
        _byName[name].CreateRouting(parameters, fallback, failure => asked(Why(failure)));

    /// <summary>Makes the strategy of a recorded decision again; null when its package is not among these. What ranks is what the digest says, whatever it is called.</summary>
    /// <exception cref="UsageException">The package cannot make one.</exception>
    public IHostedStrategy? CreateRecorded(PluginIdentity which, IReadOnlyDictionary<string, double> parameters, IRoutingStrategy fallback)
    {
        if (_plugins.Find(p => p.Package.Digest == which.Digest) is not { } plugin) return null;
        _recorded.Add(plugin);
        try
        {
            return plugin.CreateRouting(parameters, fallback);
        }
        catch (InvalidOperationException e)
        {
            throw new UsageException($"{_option}: {e.Message}");
        }
    }

    public ITrainingStrategy CreateTraining(string name, ITrainingStrategy fallback, Action<string?> asked) => _byName[name].CreateTraining(null, fallback, failure => asked(Why(failure)));

    public void Dispose()
    {
        foreach (var plugin in _plugins) plugin.Dispose();
        _host.Dispose();
    }

    private static string? Why(PluginFailure failure) => failure == PluginFailure.None ? null : PluginFailures.Name(failure);

    private void Add(string path)
    {
        if (PluginPackage.TryOpen(path, out var errors) is not { } package || _host.TryLoad(package, null, out errors) is not { } plugin)
            throw new UsageException($"{_option}: '{path}' cannot be loaded: {string.Join(" ", errors.Select(static e => $"{e.Field}: {e.Message}"))}");
        _plugins.Add(plugin);
        if (!_byName.TryAdd(plugin.Package.ToString(), plugin)) throw new UsageException($"{_option}: '{path}' is {plugin.Package}, which is given twice");
    }

    /// <summary>A plugin has its name with the version, and the name alone where no other version is given.</summary>
    private void Name()
    {
        foreach (var alone in _plugins.GroupBy(static p => p.Package.Name, StringComparer.Ordinal).Where(static g => g.Count() == 1).Select(static g => g.First())) _byName[alone.Package.Name] = alone;
        Routing = Of(PluginKind.Routing);
        Training = Of(PluginKind.Training);
    }

    private StrategyDescription[] Of(PluginKind kind) => [.. _byName.Where(n => n.Value.Kind == kind).OrderBy(static n => n.Key, StringComparer.Ordinal).Select(static n => n.Value.Description with { Name = n.Key })];
}
