using System.Globalization;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Grains.Experiments;

/// <summary>The one mapping between stored experiments and the code that judges them.</summary>
internal static class ExperimentMapping
{
    /// <summary>A plan that passed <see cref="ExperimentPlanValidator"/>.</summary>
    public static ExperimentSpec ToSpec(string name, ExperimentPlan plan) => new()
    {
        Name = name,
        Arms = [.. plan.Arms.Select(static a => new ExperimentArm(a.Name, a.Weight, a.Strategy, a.Parameters))],
        Unit = (AssignmentUnit)plan.Unit,
        Header = plan.Header,
        Match = new(plan.Models, plan.Tenants, plan.SloClasses),
        Share = plan.Share,
        Primary = Metric(plan.Primary, plan.PrimaryCap),
        Guardrails = [.. plan.Guardrails.Select(static g => new GuardedMetric(Metric(g.Metric, g.Cap), g.Margin))],
        Alpha = plan.Alpha,
        MinGain = plan.MinGain,
        TrafficBudget = plan.TrafficBudget,
        MaxDuration = TimeSpan.FromSeconds(plan.MaxDurationSeconds),
        MinRequestsPerArm = plan.MinRequestsPerArm,
        DesignEffect = plan.DesignEffect,
        Promotion = new()
        {
            Auto = plan.Promotion.Auto,
            MinRequestsPerArm = plan.Promotion.MinRequestsPerArm,
            MinDuration = TimeSpan.FromSeconds(plan.Promotion.MinDurationSeconds),
            Holdback = plan.Promotion.Holdback,
            Watch = TimeSpan.FromSeconds(plan.Promotion.WatchSeconds),
        },
    };

    public static ExperimentState ToState(ExperimentStanding standing, IReadOnlyList<TallyCounts> baseline) => new(
        (ExperimentPhase)standing.Stage, standing.StartedAt.UtcTicks, standing.StageAt.UtcTicks, standing.StoppedArms, standing.Winner.Length > 0 ? standing.Winner : null, baseline);

    /// <param name="state">The state that the rules made.</param>
    /// <param name="before">Where it stood: what the rules do not know stays, but for a pause, which nothing that they do outlives.</param>
    public static ExperimentStanding ToStanding(ExperimentState state, ExperimentStanding before) => before with
    {
        Stage = (ExperimentStage)state.Phase,
        StartedAt = new(state.StartedAtTicks, TimeSpan.Zero),
        StageAt = new(state.PhaseAtTicks, TimeSpan.Zero),
        StoppedArms = state.StoppedArms,
        Winner = state.Winner ?? "",
        PausedAt = null,
    };

    public static ArmComparison ToWire(MetricComparison c) => new(c.Arm, c.Metric.Name, c.Control, c.Value, c.Effect, c.Low, c.High, c.ControlRequests, c.ArmRequests);

    public static ExperimentChange ToWire(ExperimentTransition t, string actor, string note) => new(
        new(t.AtTicks, TimeSpan.Zero), (ExperimentStage)t.From, (ExperimentStage)t.To, t.Arm, NameOf(t.Reason), actor, note, t.Evidence is { } e ? ToWire(e) : null, t.Requests);

    public static OutcomeCounts ToWire(TallyCounts counts, long inFlight = 0) =>
        new(counts.Requests, counts.Errors, [.. counts.Values.Select(static v => new StepTimes([.. v.Steps], [.. v.Counts]))], inFlight, counts.Forever?.ToArray(), counts.Fallbacks, counts.Again);

    public static TallyCounts ToCounts(OutcomeCounts counts) =>
        new(counts.Requests, counts.Errors, [.. counts.Values.Select(static v => new StepCounts(v.Steps, v.Counts))], counts.Forever, counts.Fallbacks, counts.Again);

    /// <summary>What the event of a change says.</summary>
    public static IReadOnlyList<(string Key, string Value)> Facts(ExperimentChange change)
    {
        List<(string, string)> facts =
        [
            ("from", Word(change.From)), ("to", Word(change.To)), ("why", change.Reason), ("requests", Number(change.Requests)),
        ];
        if (change.Arm.Length > 0) facts.Add(("arm", change.Arm));
        if (change.Evidence is { } e)
        {
            facts.AddRange(
            [
                ("metric", e.Metric), ("control", Number(e.Control)), ("value", Number(e.Value)), ("effect", Number(e.Effect)), ("low", Number(e.Low)), ("high", Number(e.High)),
                ("controlRequests", Number(e.ControlRequests)), ("armRequests", Number(e.ArmRequests)),
            ]);
        }
        return facts;
    }

    /// <summary>Name of a stage in events, labels and texts.</summary>
    public static string Word(ExperimentStage stage) => stage.ToString().ToLowerInvariant();

    /// <summary>What is wrong in the sense of a metric's name; null when nothing is.</summary>
    public static string? MetricFault(string name, double? cap) =>
        !ExperimentMetric.TryParse(name, cap ?? 0, out var metric) ? $"'{name}' is no metric: it must be ttft, e2e or cost with a quantile (_p95), a geometric mean (_gmean) or a capped mean (_mean), or error_rate."
        : metric.Statistic == Statistic.CappedMean && cap is null ? $"{name} needs a cap: values beyond it count as the cap, so that no single request decides."
        : metric.Statistic != Statistic.CappedMean && cap is not null ? $"{name} takes no cap: leave it out."
        : null;

    private static ExperimentMetric Metric(string name, double? cap) =>
        ExperimentMetric.TryParse(name, cap ?? 0, out var metric) ? metric : throw new ArgumentException($"'{name}' is no metric.", nameof(name));

    private static string NameOf(TransitionReason reason) => reason switch
    {
        TransitionReason.Guardrail => "guardrail",
        TransitionReason.Losing => "losing",
        TransitionReason.NoChallenger => "no_challenger",
        TransitionReason.Winning => "winning",
        TransitionReason.TrafficBudget => "traffic_budget",
        TransitionReason.MaxDuration => "max_duration",
        TransitionReason.WatchPassed => "watch_passed",
        _ => "operator",
    };

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
