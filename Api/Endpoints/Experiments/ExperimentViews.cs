using InferMesh.Grains.Abstractions.Experiments;

namespace InferMesh.Api.Endpoints.Experiments;

/// <summary>An experiment. Its <c>spec</c> is what POST takes, beside the name.</summary>
internal record ExperimentView
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Grows by one with each change of its state; the ETag is this number in quotes.</summary>
    public long Version { get; init; }

    /// <summary>What was written.</summary>
    public required ExperimentPlan Spec { get; init; }

    /// <summary>Where it stands.</summary>
    public ExperimentStage Stage { get; init; }

    /// <summary>When it came there.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Winner; absent while there is none.</summary>
    public string? Winner { get; init; }

    /// <summary>Challengers that were stopped.</summary>
    public required IReadOnlyList<string> StoppedArms { get; init; }

    /// <summary>Why its figures cannot be trusted, and nothing wins any more; absent when they can.</summary>
    public string? Warning { get; init; }

    /// <summary>Since when it is paused: all requests get what they would get without it. Absent when it is not.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>Seconds for which it was paused before, which count for none of its durations.</summary>
    public double PausedSeconds { get; init; }

    /// <summary>When this version was written.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it; mesh when it is what the outcomes led to.</summary>
    public required string ChangedBy { get; init; }

    public static ExperimentView Of(MeshExperiment experiment) => Fill(experiment, static _ => new ExperimentView { Name = "", Spec = new(), StoppedArms = [], ChangedBy = "" });

    protected static T Fill<T>(MeshExperiment experiment, Func<MeshExperiment, T> empty)
        where T : ExperimentView
    {
        var standing = experiment.Standing;
        return empty(experiment) with
        {
            Name = experiment.Name,
            Version = experiment.Version,
            Spec = experiment.Plan,
            Stage = standing.Stage,
            Since = standing.StageAt,
            StartedAt = standing.StartedAt,
            Winner = Views.Known(standing.Winner),
            StoppedArms = standing.StoppedArms,
            Warning = Views.Known(standing.Warning),
            PausedAt = standing.PausedAt,
            PausedSeconds = standing.PausedFor.TotalSeconds,
            ChangedAt = experiment.ChangedAt,
            ChangedBy = experiment.ChangedBy,
        };
    }
}

/// <summary>An experiment with what is known of it.</summary>
internal sealed record ExperimentDetail : ExperimentView
{
    /// <summary>Arms in their order, the control first.</summary>
    public required IReadOnlyList<ArmView> Arms { get; init; }

    /// <summary>Metrics of each challenger against the control; none of one with too few requests yet.</summary>
    public required IReadOnlyList<ComparisonView> Comparisons { get; init; }

    /// <summary>What changed, oldest first.</summary>
    public required IReadOnlyList<ExperimentChangeView> Changes { get; init; }

    public static ExperimentDetail Of(ExperimentReport report) => Fill(report.Experiment, _ => new ExperimentDetail
    {
        Name = "",
        Spec = new(),
        StoppedArms = [],
        ChangedBy = "",
        Arms = [.. report.Arms.Select(static a => new ArmView { Name = a.Name, Share = a.Share, Requests = a.Requests, Errors = a.Errors, Fallbacks = a.Fallbacks, Stopped = a.Stopped })],
        Comparisons = [.. report.Comparisons.Select(ComparisonView.Of)],
        Changes = [.. report.Changes.Select(ExperimentChangeView.Of)],
    });
}

/// <summary>What an arm has had.</summary>
internal sealed record ArmView
{
    /// <summary>Arm.</summary>
    public required string Name { get; init; }

    /// <summary>Share of the units that it gets now, of those that take part; 0 when it serves nothing.</summary>
    public double Share { get; init; }

    /// <summary>Requests whose outcome is known.</summary>
    public long Requests { get; init; }

    /// <summary>Those of them that failed.</summary>
    public long Errors { get; init; }

    /// <summary>Requests that the fallback of its plugin decided.</summary>
    public long Fallbacks { get; init; }

    /// <summary>It was stopped.</summary>
    public bool Stopped { get; init; }
}

/// <summary>One metric of an arm against the control. The intervals of an experiment hold at all times together, but for its alpha.</summary>
internal sealed record ComparisonView
{
    /// <summary>Arm.</summary>
    public required string Arm { get; init; }

    /// <summary>Metric; times in seconds.</summary>
    public required string Metric { get; init; }

    /// <summary>Figure of the control; absent when so many of its requests failed that it is without end, or none of them has a value.</summary>
    public double? Control { get; init; }

    /// <summary>Figure of the arm; absent when so many of its requests failed that it is without end, or none of them has a value.</summary>
    public double? Value { get; init; }

    /// <summary>The arm's figure over the control's less 1, of the error rate the difference; positive is worse. Absent when it is without end, or there are no figures.</summary>
    public double? Effect { get; init; }

    /// <summary>Least effect that is not ruled out.</summary>
    public double Low { get; init; }

    /// <summary>Greatest effect that is not ruled out; absent when none is.</summary>
    public double? High { get; init; }

    /// <summary>Requests of the control.</summary>
    public long ControlRequests { get; init; }

    /// <summary>Requests of the arm.</summary>
    public long ArmRequests { get; init; }

    public static ComparisonView Of(ArmComparison c) => new()
    {
        Arm = c.Arm,
        Metric = c.Metric,
        Control = Views.Known(c.Control),
        Value = Views.Known(c.Value),
        Effect = Views.Known(c.Effect),
        Low = c.Low,
        High = Views.Known(c.High),
        ControlRequests = c.ControlRequests,
        ArmRequests = c.ArmRequests,
    };
}

/// <summary>Something that changed.</summary>
internal sealed record ExperimentChangeView
{
    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Stage before.</summary>
    public ExperimentStage From { get; init; }

    /// <summary>Stage after; the same when only one of several challengers was stopped.</summary>
    public ExperimentStage To { get; init; }

    /// <summary>Arm that it is about; absent for none.</summary>
    public string? Arm { get; init; }

    /// <summary>Why: guardrail, losing, no_challenger, winning, traffic_budget, max_duration, watch_passed, operator, paused or resumed.</summary>
    public required string Reason { get; init; }

    /// <summary>Who; mesh when it is what the outcomes led to.</summary>
    public required string Actor { get; init; }

    /// <summary>What an operator said; absent when nothing.</summary>
    public string? Note { get; init; }

    /// <summary>The comparison behind it; absent where there is none.</summary>
    public ComparisonView? Evidence { get; init; }

    /// <summary>Requests of all arms by then.</summary>
    public long Requests { get; init; }

    public static ExperimentChangeView Of(ExperimentChange c) => new()
    {
        At = c.At,
        From = c.From,
        To = c.To,
        Arm = Views.Known(c.Arm),
        Reason = c.Reason,
        Actor = c.Actor,
        Note = Views.Known(c.Note),
        Evidence = c.Evidence is { } e ? ComparisonView.Of(e) : null,
        Requests = c.Requests,
    };
}
