using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Policies;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Experiments;

/// <summary>Turns stored experiments into what decisions use. Keeps what this silo has counted over all tables. Used by one thread.</summary>
internal sealed partial class ExperimentTableBuilder(PolicyStrategies strategies, TimeProvider time, ILogger<ExperimentTableBuilder> logger)
{
    private readonly Dictionary<(string Name, long StartedAt), SiloCounts> _counts = [];
    private IReadOnlyList<MeshExperiment> _serving = [];
    private ExperimentTable _last = ExperimentTable.Empty;
    private bool _isNew;

    public void Take(IReadOnlyList<MeshExperiment> experiments)
    {
        _serving = [.. experiments.Where(static e => e.Standing.Serves).Take(IExperimentGrain.MaxServing)];
        _isNew = true;
        var open = _serving.Where(static e => e.Standing.IsOpen).Select(Key).ToHashSet();
        foreach (var ended in _counts.Keys.Where(k => !open.Contains(k)).ToArray()) _counts.Remove(ended);
    }

    /// <summary>The table of now: the last one when nothing has changed, and no plugin has come or gone.</summary>
    public ExperimentTable Build()
    {
        var made = new List<(MeshExperiment Experiment, IRoutingStrategy[] Strategies)>(_serving.Count);
        foreach (var experiment in _serving)
        {
            try
            {
                made.Add((experiment, [.. experiment.Plan.Arms.Select(arm => strategies.For($"experiment/{experiment.Name}/{arm.Name}", arm.ToRouting()))]));
            }
            catch (ArgumentException e)
            {
                // This version of the silo does not know a strategy of it: what policies say serves.
                if (RoutingMetrics.CountOnce($"Experiment {experiment.Name}", experiment.Version)) NotCompiled(experiment.Name, experiment.Version, e.Message);
            }
        }
        if (!_isNew && made.Count == _last.All.Count && made.Zip(_last.All).All(static m => m.First.Strategies.SequenceEqual(m.Second.Arms.Select(static a => a.Strategy)))) return _last;
        _isNew = false;
        _last = new([.. made.Select(m => new RunningExperiment(m.Experiment, m.Strategies, m.Experiment.Standing.IsOpen ? CountsOf(m.Experiment) : null))]);
        ExperimentMetrics.Show(_last);
        return _last;
    }

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
