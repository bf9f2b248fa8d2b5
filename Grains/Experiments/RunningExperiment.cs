using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Experiments;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Experiments;

/// <summary>An experiment whose arms serve, or that is paused, as one silo knows it. Immutable but for its tallies.</summary>
internal sealed class RunningExperiment
{
    private readonly ExperimentSpec _spec;
    private readonly ArmSplit _split;

    /// <param name="experiment">The experiment; it serves.</param>
    /// <param name="strategies">Strategy of each arm.</param>
    /// <param name="counts">What this silo has counted; null when outcomes change nothing any more.</param>
    public RunningExperiment(MeshExperiment experiment, IReadOnlyList<IRoutingStrategy> strategies, SiloCounts? counts)
    {
        (Name, Stage, Counts, IsPaused) = (experiment.Name, experiment.Standing.Stage, counts, experiment.Standing.IsPaused);
        _spec = ExperimentMapping.ToSpec(experiment.Name, experiment.Plan);
        _split = new(_spec, ExperimentMapping.ToState(experiment.Standing, []));
        Arms = [.. experiment.Plan.Arms.Select((arm, i) => new RunningArm(experiment.Name, arm.Name, strategies[i], counts?.Arms[i]))];
        Header = _spec.Unit == AssignmentUnit.Header ? _spec.Header.ToLowerInvariant() : "";
    }

    public string Name { get; }

    public ExperimentStage Stage { get; }

    public SiloCounts? Counts { get; }

    /// <summary>No request takes part; what is still to come of those that did counts.</summary>
    public bool IsPaused { get; }

    public IReadOnlyList<RunningArm> Arms { get; }

    /// <summary>Header whose value is the unit, in lower case; "" for another unit.</summary>
    public string Header { get; }

    /// <summary>Whether it may be for a request for the model.</summary>
    public bool Covers(string model) => !IsPaused && _spec.Match.Covers(model);

    /// <summary>The arm of a request; null when it takes no part.</summary>
    public RunningArm? ArmOf(RoutingRequest request, IReadOnlyDictionary<string, string>? headers)
    {
        if (IsPaused) return null;
        var value = Header.Length > 0 && headers is not null && headers.TryGetValue(Header, out var given) ? given : "";
        return _split.ArmOf(_spec, request, value) is >= 0 and var arm ? Arms[arm] : null;
    }
}

/// <summary>An arm as one silo knows it.</summary>
/// <param name="Experiment">Name of the experiment.</param>
/// <param name="Name">Name of the arm.</param>
/// <param name="Strategy">What ranks for its requests.</param>
/// <param name="Count">Takes their outcomes; null when they change nothing any more.</param>
internal sealed record RunningArm(string Experiment, string Name, IRoutingStrategy Strategy, ArmCount? Count)
{
    /// <summary>A request is sent.</summary>
    /// <param name="again">Whether it has counted before, as failed.</param>
    public void Begin(bool again = false) => Count?.Add(again ? 0 : 1);

    /// <summary>A request is over.</summary>
    /// <param name="outcome">What came of it; null when that says nothing.</param>
    /// <param name="again">As it began.</param>
    public void End(ArmOutcome? outcome, bool again = false)
    {
        // First its outcome: who looks in between sees one too many, and misses none.
        if (outcome is { } known)
        {
            Count?.Tally.Record(known with { Again = again });
            ExperimentMetrics.Ended(Experiment, Name, known.Failed);
        }
        Count?.Add(again ? 0 : -1);
    }
}

/// <summary>A request that an arm decided.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Answer">In what form its answer comes.</param>
/// <param name="FellBack">Whether the fallback of the arm's strategy decided it.</param>
internal readonly record struct ArmRequest(RunningArm Arm, AnswerForm Answer = AnswerForm.Unknown, bool FellBack = false);

/// <summary>What a silo has counted for an arm. Thread-safe.</summary>
internal sealed class ArmCount
{
    private long _inFlight;

    /// <summary>Outcomes.</summary>
    public ArmTally Tally { get; } = new();

    /// <summary>Requests whose outcome is still to come.</summary>
    public long InFlight => Volatile.Read(ref _inFlight);

    public void Add(long requests) => Interlocked.Add(ref _inFlight, requests);

    /// <summary>All of it as it travels.</summary>
    public OutcomeCounts ToWire()
    {
        // Before the outcomes: a request that ends in between is then there twice for a moment, and not missing.
        var inFlight = InFlight;
        return ExperimentMapping.ToWire(Tally.ToCounts(), inFlight);
    }
}

/// <summary>What a silo has counted for an experiment: it outlives tables, and versions of the experiment.</summary>
/// <param name="StartedAtTicks">When the experiment began.</param>
/// <param name="Life">When this silo began to count, UTC ticks.</param>
/// <param name="Arms">Counts of each arm.</param>
internal sealed record SiloCounts(long StartedAtTicks, long Life, IReadOnlyList<ArmCount> Arms);

/// <summary>All experiments whose arms serve, and those that are paused. Immutable.</summary>
/// <param name="All">By name: the first that a request takes part in decides.</param>
internal sealed record ExperimentTable(IReadOnlyList<RunningExperiment> All)
{
    private readonly string[] _headers = [.. All.Where(static e => !e.IsPaused).Select(static e => e.Header).Where(static h => h.Length > 0).Distinct()];

    public static ExperimentTable Empty { get; } = new([]);

    /// <summary>The arm of a request; null when it takes part in no experiment.</summary>
    public RunningArm? ArmOf(RoutingRequest request, IReadOnlyDictionary<string, string>? headers)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (All[i].ArmOf(request, headers) is { } arm) return arm;
        }
        return null;
    }

    /// <summary>Whether an arm may rank requests for the model by the start of their prompts.</summary>
    public bool WantsPrefix(string model)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (!All[i].Covers(model)) continue;
            for (var arm = 0; arm < All[i].Arms.Count; arm++)
            {
                if (All[i].Arms[arm].Strategy.WantsPrefix) return true;
            }
        }
        return false;
    }

    /// <summary>Headers whose values experiments need of requests for the model.</summary>
    public IReadOnlyList<string> HeadersFor(string model) => _headers.Length == 0 ? [] : [.. All.Where(e => e.Header.Length > 0 && e.Covers(model)).Select(static e => e.Header).Distinct().Take(MaxHeaders)];

    /// <summary>Most headers of one request.</summary>
    public const int MaxHeaders = 8;
}
