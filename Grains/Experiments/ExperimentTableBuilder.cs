using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Policies;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Experiments;

/// <summary>Turns stored experiments into what decisions use. Keeps what this silo has counted over all tables. Used by one thread.</summary>
internal sealed partial class ExperimentTableBuilder(PolicyStrategies strategies, TimeProvider time, ILogger<ExperimentTableBuilder> logger)
{
    private readonly Dictionary<(string Name, long StartedAt), SiloCounts> _counts = [];
    private readonly List<IRoutingStrategy> _inUse = [];
    private IReadOnlyList<MeshExperiment> _serving = [];
    private ExperimentTable _last = ExperimentTable.Empty;
    private IRoutingStrategy[] _lastStrategies = [];
    private bool _isNew;

    /// <summary>Strategies of all experiments that serve, also of those that the last table leaves out: kept, so that this silo goes on asking for their plugins, and makes none of them with each table.</summary>
    public IReadOnlyList<IRoutingStrategy> Strategies => _inUse;

    public void Take(IReadOnlyList<MeshExperiment> experiments)
    {
        // One that is paused is kept, so that what is still to come of its requests is told.
        _serving = [.. experiments.Where(static e => e.Standing.MayServe).Take(IExperimentGrain.MaxServing)];
        _isNew = true;
        var open = _serving.Where(static e => e.Standing.IsOpen).Select(Key).ToHashSet();
        foreach (var ended in _counts.Keys.Where(k => !open.Contains(k)).ToArray()) _counts.Remove(ended);
    }

    /// <summary>The table of now: the last one when nothing has changed, and no plugin has come or gone.</summary>
    public ExperimentTable Build()
    {
        var made = new List<(MeshExperiment Experiment, IRoutingStrategy[] Strategies)>(_serving.Count);
        _inUse.Clear();
        foreach (var experiment in _serving)
        {
            try
            {
                var arms = new IRoutingStrategy[experiment.Plan.Arms.Count];
                for (var i = 0; i < arms.Length; i++) _inUse.Add(arms[i] = strategies.For(Label(experiment, experiment.Plan.Arms[i]), experiment.Plan.Arms[i].ToRouting()));
                if (!LacksPlugin(experiment)) made.Add((experiment, arms));
            }
            catch (Exception e)
            {
                // This version of the silo does not know a strategy of it: what policies say serves.
                LeaveOut(experiment, e);
            }
        }
        IRoutingStrategy[] strategiesMade = [.. made.SelectMany(static m => m.Strategies)];
        if (!_isNew && strategiesMade.SequenceEqual(_lastStrategies)) return _last;
        (_isNew, _lastStrategies) = (false, strategiesMade);
        _last = new([.. made.Select(m => Make(m.Experiment, m.Strategies)).OfType<RunningExperiment>()]);
        ExperimentMetrics.Show(_last);
        return _last;
    }

    /// <summary>Null for one that this version of the silo cannot read, such as by a metric that a newer one knows: it must not keep tables from being built.</summary>
    private RunningExperiment? Make(MeshExperiment experiment, IRoutingStrategy[] arms)
    {
        try
        {
            return new(experiment, arms, experiment.Standing.IsOpen ? CountsOf(experiment) : null);
        }
        catch (Exception e)
        {
            LeaveOut(experiment, e);
            return null;
        }
    }

    private void LeaveOut(MeshExperiment experiment, Exception why)
    {
        if (RoutingMetrics.CountOnce($"Experiment {experiment.Name}", experiment.Version)) NotCompiled(experiment.Name, experiment.Version, why.Message);
    }

    /// <summary>Whether an arm that serves has only the fallback of its plugin here, which was not loaded or is in quarantine: outcomes of the fallback say nothing of the plugin, and units keep their arm on all silos.</summary>
    private bool LacksPlugin(MeshExperiment experiment)
    {
        if (!experiment.Plan.Arms.Any(arm => strategies.IsOnFallback(Label(experiment, arm)))) return false;
        var weights = ExperimentMapping.ToState(experiment.Standing, []).WeightsOf(ExperimentMapping.ToSpec(experiment.Name, experiment.Plan));
        return experiment.Plan.Arms.Index().Any(arm => weights[arm.Index] > 0 && strategies.IsOnFallback(Label(experiment, arm.Item)));
    }

    private static string Label(MeshExperiment experiment, ArmPlan arm) => $"experiment/{experiment.Name}/{arm.Name}";

    private SiloCounts CountsOf(MeshExperiment experiment)
    {
        if (_counts.TryGetValue(Key(experiment), out var known)) return known;
        var now = time.GetUtcNow().UtcTicks;
        return _counts[Key(experiment)] = new(experiment.Standing.StartedAt.UtcTicks, now, [.. experiment.Plan.Arms.Select(static _ => new ArmCount())]);
    }

    private static (string, long) Key(MeshExperiment experiment) => (experiment.Name, experiment.Standing.StartedAt.UtcTicks);

    [LoggerMessage(LogLevel.Error, "Experiment {Name} version {Version} does not compile, and its arms do not serve here: {Reason}")]
    private partial void NotCompiled(string name, long version, string reason);
}
