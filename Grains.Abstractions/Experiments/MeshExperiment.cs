using InferMesh.Grains.Abstractions.Versions;

namespace InferMesh.Grains.Abstractions.Experiments;

/// <summary>Where an experiment stands.</summary>
[GenerateSerializer, Alias("infermesh.ExperimentStage")]
public enum ExperimentStage : byte
{
    /// <summary>Requests are split, nothing is decided.</summary>
    Running = 0,

    /// <summary>Every challenger lost, or a hand stopped it.</summary>
    Stopped,

    /// <summary>A winner is known and waits for a hand; requests are split as before.</summary>
    Decided,

    /// <summary>The winner serves, but for a holdback of the control, and is watched.</summary>
    Promoted,

    /// <summary>The winner held while it was watched, and serves all.</summary>
    Kept,

    /// <summary>The winner got worse while it was watched, or a hand took it back.</summary>
    Demoted,

    /// <summary>Traffic or time ran out without a winner.</summary>
    Inconclusive,
}

/// <summary>State of an experiment.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ExperimentStanding")]
public sealed record ExperimentStanding
{
    /// <summary>Where it stands.</summary>
    [Id(0)] public ExperimentStage Stage { get; init; }

    /// <summary>When it began. Tells it from an earlier experiment of the same name.</summary>
    [Id(1)] public DateTimeOffset StartedAt { get; init; }

    /// <summary>When the stage began; of a promoted one later by the time for which it was paused since.</summary>
    [Id(2)] public DateTimeOffset StageAt { get; init; }

    /// <summary>Challengers that were stopped.</summary>
    [Id(3)] public IReadOnlyList<string> StoppedArms { get; init; } = [];

    /// <summary>Winner; "" while there is none.</summary>
    [Id(4)] public string Winner { get; init; } = "";

    /// <summary>Why its figures cannot be trusted; "" when they can. Nothing wins any more.</summary>
    [Id(5)] public string Warning { get; init; } = "";

    /// <summary>Since when it is paused; null when it is not.</summary>
    [Id(6)] public DateTimeOffset? PausedAt { get; init; }

    /// <summary>For how long it was paused before, 0 or more: time that counts for none of its durations.</summary>
    [Id(7)] public TimeSpan PausedFor { get; init; }

    /// <summary>Whether it is paused: all requests get what they would get without it, and nothing is decided.</summary>
    public bool IsPaused => PausedAt is not null;

    /// <summary>Whether outcomes can still change something.</summary>
    public bool IsOpen => Stage is ExperimentStage.Running or ExperimentStage.Decided or ExperimentStage.Promoted;

    /// <summary>Whether strategies of its arms serve, or do when it is resumed.</summary>
    public bool MayServe => IsOpen || Stage == ExperimentStage.Kept;

    /// <summary>Whether strategies of its arms serve.</summary>
    public bool Serves => MayServe && !IsPaused;
}

/// <summary>A stored experiment.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.MeshExperiment")]
public sealed record MeshExperiment : IVersioned
{
    /// <summary>Name: same form as a node id.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Grows by one with each change of the state, also over a deletion; the ETag.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>What was written.</summary>
    [Id(2)] public required ExperimentPlan Plan { get; init; }

    /// <summary>State.</summary>
    [Id(3)] public required ExperimentStanding Standing { get; init; }

    /// <summary>When this version was written.</summary>
    [Id(4)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it; the mesh itself when it is what the outcomes led to.</summary>
    [Id(5)] public string ChangedBy { get; init; } = "";

    /// <summary>This version is a deletion.</summary>
    [Id(6)] public bool Deleted { get; init; }
}

/// <summary>One metric of an arm against the control.</summary>
/// <param name="Arm">Arm.</param>
/// <param name="Metric">Metric, such as <c>ttft_p95</c>; times in seconds.</param>
/// <param name="Control">Figure of the control; infinite when so many failed, not a number when none of its requests has a value.</param>
/// <param name="Value">Figure of the arm; infinite when so many failed, not a number when none of its requests has a value.</param>
/// <param name="Effect">The arm's figure over the control's less 1, of the error rate the difference. Positive is worse; infinite when the arm's figure alone is, 0 when both are, and not a number without figures.</param>
/// <param name="Low">Least effect that is not ruled out.</param>
/// <param name="High">Greatest effect that is not ruled out; infinite when none is.</param>
/// <param name="ControlRequests">Requests of the control.</param>
/// <param name="ArmRequests">Requests of the arm.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ArmComparison")]
public sealed record ArmComparison(
    [property: Id(0)] string Arm, [property: Id(1)] string Metric, [property: Id(2)] double Control, [property: Id(3)] double Value, [property: Id(4)] double Effect,
    [property: Id(5)] double Low, [property: Id(6)] double High, [property: Id(7)] long ControlRequests, [property: Id(8)] long ArmRequests);

/// <summary>Something that changed.</summary>
/// <param name="At">When.</param>
/// <param name="From">Stage before.</param>
/// <param name="To">Stage after.</param>
/// <param name="Arm">Arm that it is about; "" for none.</param>
/// <param name="Reason">Why: guardrail, losing, no_challenger, winning, traffic_budget, max_duration, watch_passed, operator, paused or resumed.</param>
/// <param name="Actor">Who.</param>
/// <param name="Note">What an operator said; "" when nothing.</param>
/// <param name="Evidence">The comparison behind it; null where there is none.</param>
/// <param name="Requests">Requests of all arms by then.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ExperimentChange")]
public sealed record ExperimentChange(
    [property: Id(0)] DateTimeOffset At, [property: Id(1)] ExperimentStage From, [property: Id(2)] ExperimentStage To, [property: Id(3)] string Arm, [property: Id(4)] string Reason,
    [property: Id(5)] string Actor, [property: Id(6)] string Note, [property: Id(7)] ArmComparison? Evidence, [property: Id(8)] long Requests);

/// <summary>What one arm has had.</summary>
/// <param name="Name">Arm.</param>
/// <param name="Share">Share of the units that it gets now, 0 to 1, of those that take part.</param>
/// <param name="Requests">Requests whose outcome is known.</param>
/// <param name="Errors">Those of them that failed.</param>
/// <param name="Stopped">It was stopped.</param>
/// <param name="Fallbacks">Requests that the fallback of its plugin decided.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ArmStanding")]
public sealed record ArmStanding(
    [property: Id(0)] string Name, [property: Id(1)] double Share, [property: Id(2)] long Requests, [property: Id(3)] long Errors, [property: Id(4)] bool Stopped, [property: Id(5)] long Fallbacks = 0);

/// <summary>An experiment with what is known of it.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Arms">Arms, in their order.</param>
/// <param name="Comparisons">Metrics of each challenger; none of one with too few requests yet.</param>
/// <param name="Changes">What changed, oldest first.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ExperimentReport")]
public sealed record ExperimentReport(
    [property: Id(0)] MeshExperiment Experiment, [property: Id(1)] IReadOnlyList<ArmStanding> Arms, [property: Id(2)] IReadOnlyList<ArmComparison> Comparisons,
    [property: Id(3)] IReadOnlyList<ExperimentChange> Changes);
