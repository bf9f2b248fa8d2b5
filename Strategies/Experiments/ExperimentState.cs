namespace InferMesh.Strategies.Experiments;

/// <summary>Where an experiment stands.</summary>
public enum ExperimentPhase
{
    /// <summary>Requests are split, nothing is decided.</summary>
    Running,

    /// <summary>Every challenger lost, or a hand stopped it: the control serves.</summary>
    Stopped,

    /// <summary>A winner is known and waits for a hand; requests are split as before.</summary>
    Decided,

    /// <summary>The winner serves, but for a holdback of the control, and is watched.</summary>
    Promoted,

    /// <summary>The winner held while it was watched, and serves all.</summary>
    Kept,

    /// <summary>The winner got worse while it was watched: the control serves.</summary>
    Demoted,

    /// <summary>Traffic or time ran out without a winner: the control serves.</summary>
    Inconclusive,
}

/// <summary>Why something changed.</summary>
public enum TransitionReason
{
    /// <summary>The arm is worse than the control by more than the margin of a guarded metric.</summary>
    Guardrail,

    /// <summary>The arm is worse than the control in the primary metric.</summary>
    Losing,

    /// <summary>No challenger is left.</summary>
    NoChallenger,

    /// <summary>The arm is better than the control in the primary metric, and shown not to be worse by more than the margin in any guarded one.</summary>
    Winning,

    /// <summary>The traffic budget is used up.</summary>
    TrafficBudget,

    /// <summary>The longest duration is over, or a promoted arm could not be compared with the control within twice the time of its watch.</summary>
    MaxDuration,

    /// <summary>A promoted arm was watched to the end.</summary>
    WatchPassed,

    /// <summary>Somebody said so.</summary>
    Operator,
}

/// <summary>State of an experiment, a value: <see cref="ExperimentRules"/> makes the next one of it.</summary>
/// <param name="Phase">Where it stands.</param>
/// <param name="StartedAtTicks">When it began, UTC ticks.</param>
/// <param name="PhaseAtTicks">When the phase began, UTC ticks.</param>
/// <param name="StoppedArms">Names of challengers that were stopped.</param>
/// <param name="Winner">Name of the winner; null while there is none.</param>
/// <param name="Baseline">Counts of all arms when the winner was promoted: what it is watched by comes after; empty before.</param>
public sealed record ExperimentState(
    ExperimentPhase Phase, long StartedAtTicks, long PhaseAtTicks, IReadOnlyList<string> StoppedArms, string? Winner, IReadOnlyList<TallyCounts> Baseline)
{
    /// <summary>The state at the beginning.</summary>
    public static ExperimentState Start(long nowTicks) => new(ExperimentPhase.Running, nowTicks, nowTicks, [], null, []);

    /// <summary>Whether outcomes can still change something.</summary>
    public bool IsOpen => Phase is ExperimentPhase.Running or ExperimentPhase.Decided or ExperimentPhase.Promoted;

    /// <summary>Weights of the arms in this state, in their order; 0 for an arm that serves nothing.</summary>
    public IReadOnlyList<double> WeightsOf(ExperimentSpec spec) => [.. spec.Arms.Select((arm, i) => Phase switch
    {
        ExperimentPhase.Running or ExperimentPhase.Decided => StoppedArms.Contains(arm.Name) ? 0 : arm.Weight,
        ExperimentPhase.Promoted => arm.Name == Winner ? 1 - spec.Promotion.Holdback : i == 0 ? spec.Promotion.Holdback : 0,
        ExperimentPhase.Kept => arm.Name == Winner ? 1 : 0,
        _ => i == 0 ? 1.0 : 0,
    })];
}

/// <summary>Something that changed, with its reason: an entry of an audit trail.</summary>
/// <param name="AtTicks">When, UTC ticks.</param>
/// <param name="From">Phase before.</param>
/// <param name="To">Phase after; the same when only one of several challengers was stopped.</param>
/// <param name="Arm">Name of the arm that it is about; "" for none.</param>
/// <param name="Reason">Why.</param>
/// <param name="Evidence">The comparison behind it; null where there is none.</param>
/// <param name="Requests">Requests of all arms by then.</param>
public sealed record ExperimentTransition(
    long AtTicks, ExperimentPhase From, ExperimentPhase To, string Arm, TransitionReason Reason, MetricComparison? Evidence, long Requests);

/// <summary>One metric of an arm against the control. All intervals of an experiment hold at all times together, but for its alpha.</summary>
/// <param name="Arm">Name of the arm.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Control">Figure of the control, in the unit of the metric.</param>
/// <param name="Value">Figure of the arm.</param>
/// <param name="Effect">The arm's against the control's: a ratio less 1, of the error rate a difference. Positive is worse.</param>
/// <param name="Low">Least effect that is not ruled out.</param>
/// <param name="High">Greatest effect that is not ruled out; infinite when none is.</param>
/// <param name="ControlRequests">Requests of the control.</param>
/// <param name="ArmRequests">Requests of the arm.</param>
public sealed record MetricComparison(
    string Arm, ExperimentMetric Metric, double Control, double Value, double Effect, double Low, double High, long ControlRequests, long ArmRequests);

/// <summary>What a look at the outcomes led to.</summary>
/// <param name="State">State after it.</param>
/// <param name="Transitions">What changed, in order; empty when nothing did.</param>
public sealed record ExperimentStep(ExperimentState State, IReadOnlyList<ExperimentTransition> Transitions);
