using System.Runtime.CompilerServices;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Training;

namespace InferMesh.Grains.Jobs;

/// <summary>Plugins that place jobs, as the scheduler uses them: one version of each for a whole plan, and the default strategy where it does not answer. Used by one thread at a time.</summary>
internal sealed class JobStrategies(SiloPlugins plugins, TimeProvider time)
{
    // A plan holds up everybody who asks the scheduler: beyond this the default strategy does the rest of it.
    private static readonly TimeSpan PlanLimit = TimeSpan.FromSeconds(1);

    // For a version that a job names first: its silo loads it then, and the job is planned when it has, or without it when that takes longer.
    private static readonly TimeSpan LoadLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LoadPeriod = TimeSpan.FromMilliseconds(50);

    // Within the time of a call.
    private static readonly TimeSpan PreviewLimit = TimeSpan.FromSeconds(2);

    // Who submits jobs of a plugin that no silo can load, and takes them back, gains nothing by it.
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Placer> _placers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _missedAt = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<GangPlacement, Maker> _makers = [];
    private TimeSpan _spent;

    /// <summary>What places jobs of a strategy that is a plugin, whichever version of it serves; null for one of the catalogue.</summary>
    public ITrainingStrategy? For(string strategy)
    {
        if (PluginReference.OfJob(strategy) is not { } which) return null;
        if (!_placers.TryGetValue(strategy, out var placer)) _placers[strategy] = placer = new(this, which);
        return placer;
    }

    /// <summary>Whether some strategy that jobs name is about to be loaded.</summary>
    public bool AwaitsAny => _missedAt.Keys.Any(IsAwaited);

    /// <summary>Whether the silo is about to load the plugin that jobs of a strategy name: nothing is decided about them until it has, or has had its time.</summary>
    public bool IsAwaited(string strategy) => _missedAt.TryGetValue(strategy, out var since) && time.GetElapsedTime(since) < LoadLimit;

    /// <summary>Waits a moment for a plugin that a job names and that the silo is about to load.</summary>
    /// <param name="strategy">Strategy of the job.</param>
    /// <param name="named">Strategies of all other jobs, as they are at the time.</param>
    public async Task LoadedAsync(string strategy, Func<IReadOnlyCollection<string>> named)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            // Plans in between forget whom no job names.
            Begin([.. named(), strategy]);
            if (!IsAwaited(strategy) || time.GetElapsedTime(began) >= PreviewLimit) return;
            await Task.Delay(LoadPeriod, time);
        }
    }

    /// <summary>Before a plan: takes the versions that serve now, and asks for those that do not.</summary>
    /// <param name="named">Strategies of all jobs that it may look at; others are forgotten, so that nothing may be awaited between reading them and this.</param>
    public void Begin(IReadOnlyCollection<string> named)
    {
        _spent = TimeSpan.Zero;
        foreach (var gone in _placers.Keys.Except(named).ToArray()) _placers.Remove(gone);
        foreach (var strategy in named) For(strategy);
        foreach (var (strategy, placer) in _placers)
        {
            placer.Take(plugins.Find(placer.Which));
            if (placer.Plugin is null) _missedAt.TryAdd(strategy, time.GetTimestamp());
            else _missedAt.Remove(strategy);
        }
        foreach (var (strategy, since) in _missedAt)
        {
            if (!_placers.ContainsKey(strategy) && time.GetElapsedTime(since) >= ForgetAfter) _missedAt.Remove(strategy);
        }
        plugins.UsedByJobs([.. _placers.Values.Select(static p => p.Plugin).OfType<LoadedPlugin>()], [.. _placers.Values.Select(static p => p.Which)]);
    }

    /// <summary>The scheduler is elsewhere now.</summary>
    public void End() => plugins.UsedByJobs([], []);

    /// <summary>Who made a placement of a job.</summary>
    /// <returns>The strategy, a plugin with its version; and why it is not the one that the job names, "" when it is.</returns>
    public (string Strategy, string Note) MakerOf(string strategy, GangPlacement placement)
    {
        if (strategy.Length == 0) return (TrainingCatalog.Default, "");
        return PluginReference.OfJob(strategy) is not null && _makers.TryGetValue(placement, out var maker) ? (maker.Strategy, maker.Note) : (strategy, "");
    }

    private sealed record Maker(string Strategy, string Note);

    private sealed class Placer(JobStrategies owner, PluginReference which) : ITrainingStrategy
    {
        private readonly ITrainingStrategy _fallback = TrainingCatalog.Create(TrainingCatalog.Default);
        private ITrainingStrategy? _strategy;
        private PluginFailure _failure;

        public string Name { get; } = which.ToString();

        public PluginReference Which => which;

        public LoadedPlugin? Plugin { get; private set; }

        public void Take(LoadedPlugin? plugin)
        {
            if (plugin == Plugin) return;
            Plugin = plugin;
            try
            {
                _strategy = plugin?.CreateTraining(null, _fallback, failure => _failure = failure);
            }
            catch (InvalidOperationException)
            {
                // It ranks by now, or could not make one.
                _strategy = null;
            }
        }

        public GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes)
        {
            if (_strategy is null) return Mark(_fallback.Place(gang, nodes), Plugin is null ? "its silo has not loaded it" : "it makes no strategy");
            if (owner._spent >= PlanLimit) return Mark(_fallback.Place(gang, nodes), "the time of the plan is used up");
            var began = owner.Clock;
            var placement = _strategy.Place(gang, nodes);
            owner._spent += owner.Since(began);
            return Mark(placement, _failure == PluginFailure.None ? "" : PluginFailures.Name(_failure));
        }

        private GangPlacement Mark(GangPlacement placement, string why)
        {
            var version = Plugin?.Package.ToString() ?? Name;
            // A strategy may give the same placement twice.
            owner._makers.AddOrUpdate(placement, why.Length == 0 ? new(version, "") : new(TrainingCatalog.Default, $"{version} did not place it: {why}"));
            return placement;
        }
    }

    private long Clock => time.GetTimestamp();

    private TimeSpan Since(long began) => time.GetElapsedTime(began);
}
