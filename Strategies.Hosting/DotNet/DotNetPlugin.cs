using System.Reflection;
using InferMesh.Strategies.Plugins;

namespace InferMesh.Strategies.Hosting.DotNet;

/// <summary>A plugin in .NET: trusted code in the process itself.</summary>
internal sealed class DotNetPlugin : LoadedPlugin
{
    // Static constructors and factories are code too.
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Watchdog _watchdog;
    private PluginContext? _context;
    private IStrategyPlugin? _plugin;
    private List<WeakReference<IReleasable>> _made = [];

    private DotNetPlugin(PluginPackage package, PluginGuard guard, StrategyDescription description, PluginContext context, IStrategyPlugin plugin, Watchdog watchdog)
        : base(package, guard, description) => (_context, _plugin, _watchdog) = (context, plugin, watchdog);

    /// <summary>The plugin's code, for who wants to know whether it is gone.</summary>
    public WeakReference Code => new(_context);

    public static DotNetPlugin? TryLoad(PluginPackage package, Watchdog watchdog, PluginGuard guard, out IReadOnlyList<ParameterError> errors)
    {
        var context = new PluginContext(guard.Plugin, package.Files);
        var (error, plugin, description) = ("", default(IStrategyPlugin), default(StrategyDescription));
        var failure = watchdog.Run(guard, StartTime, () =>
        {
            plugin = Create(context, package.Manifest, out error);
            // A copy: even a list may be of a type of the plugin's, which would keep its code from being unloaded.
            if (plugin?.Description is { } d) description = new(d.Name, d.Description, [.. d.Parameters.Select(static p => p with { })], d.Hedges, d.DecisionCostSeconds);
        });
        if (failure == PluginFailure.Timeout) error = "Did not start in time.";
        else if (failure != PluginFailure.None && error.Length == 0) error = "Threw while it started.";
        else if (error.Length == 0 && description?.Name != package.Manifest.Name) error = $"Calls itself '{description?.Name}', its manifest '{package.Manifest.Name}'.";
        errors = error.Length == 0 ? [] : [new("main", error)];
        if (error.Length == 0) return new(package, guard, description!, context, plugin!, watchdog);
        context.Unload();
        return null;
    }

    private protected override IRoutingGuest Rank(IReadOnlyDictionary<string, double> parameters)
    {
        var made = Make<IRoutingPlugin, Routing.IRoutingStrategy>(plugin => plugin.Create(parameters));
        return Keep(new DotNetRouting(made, _watchdog, Guard));
    }

    private protected override ITrainingGuest Place(IReadOnlyDictionary<string, double> parameters)
    {
        var made = Make<ITrainingPlugin, Training.ITrainingStrategy>(plugin => plugin.Create(parameters));
        return Keep(new DotNetTraining(made, _watchdog, Guard));
    }

    private TGuest Keep<TGuest>(TGuest guest)
        where TGuest : class, IReleasable
    {
        lock (_gate) _made = [.. _made.Where(static m => m.TryGetTarget(out _)), new(guest)];
        return guest;
    }

    private protected override void Unload()
    {
        lock (_gate)
        {
            foreach (var made in _made)
            {
                if (made.TryGetTarget(out var guest)) guest.Release();
            }
            _made = [];
            _plugin = null;
            _context?.Unload();
            _context = null;
        }
    }

    private TStrategy Make<TPlugin, TStrategy>(Func<TPlugin, TStrategy> create)
        where TPlugin : class, IStrategyPlugin
        where TStrategy : class
    {
        if (_plugin is not TPlugin plugin) throw new InvalidOperationException($"{Package} is unloaded, or of another kind.");
        TStrategy? made = null;
        var failure = _watchdog.Run(Guard, StartTime, () => made = create(plugin));
        return made is not null && failure == PluginFailure.None ? made : throw new InvalidOperationException($"{Package} could not make a strategy: {PluginFailures.Name(failure)}.");
    }

    private static IStrategyPlugin? Create(PluginContext context, PluginManifest manifest, out string error)
    {
        error = "";
        try
        {
            var wanted = manifest.Kind == PluginKind.Routing ? typeof(IRoutingPlugin) : typeof(ITrainingPlugin);
            var found = context.Load(manifest.Main).GetCustomAttributes<StrategyPluginAttribute>().Where(a => a.Plugin.IsAssignableTo(wanted)).ToArray();
            if (found is not [var one]) error = $"Names {found.Length} plugins of this kind; it must be one.";
            else if (one.PluginContract != StrategyPluginAttribute.Contract) error = $"Written for contract {one.PluginContract}; this host has {StrategyPluginAttribute.Contract}.";
            return error.Length == 0 ? (IStrategyPlugin)Activator.CreateInstance(found[0].Plugin)! : null;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or TypeLoadException or MissingMethodException or TargetInvocationException)
        {
            error = e.InnerException?.Message ?? e.Message;
            return null;
        }
    }
}
