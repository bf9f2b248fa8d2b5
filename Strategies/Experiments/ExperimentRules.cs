namespace InferMesh.Strategies.Experiments;

/// <summary>
/// Decides what the outcomes of an experiment lead to. Pure: state, merged tallies and time go in, the next state and what changed come out. It may be called as often as one likes; the
/// probability that any arm is ever judged wrongly stays below the experiment's alpha, which is divided over arms, metrics and the two sides of each interval (Bonferroni): half for the
/// primary metric, which decides, and half for the guarded ones.
/// </summary>
public static class ExperimentRules
{
    // Intervals of means are tightest when so much of the traffic has passed: early stops are what they are for.
    private const double TypicalShare = 0.02;

    /// <summary>Greatest share of an arm's requests that the fallback of its strategy may decide: beyond it, their outcomes say too little of the strategy.</summary>
    public const double MostFallback = 0.05;

    /// <summary>Looks at the outcomes.</summary>
    /// <param name="spec">The experiment, as <see cref="ExperimentSpecValidator"/> accepts it.</param>
    /// <param name="state">Its state.</param>
    /// <param name="tallies">Outcomes of each arm since the beginning, all silos together, in the order of the arms.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="inFlight">Requests of each arm whose outcome is still to come: nothing wins while the arms do not have their share (<see cref="SampleRatio"/>). Null when nobody knows, and that is not looked at.</param>
    /// <param name="isWarned">The figures were found not to be trustworthy before: nothing wins any more, though arms may still be stopped.</param>
    public static ExperimentStep Step(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, long nowTicks, IReadOnlyList<long>? inFlight = null, bool isWarned = false)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(state);
        CheckTallies(spec, tallies);
        return state.Phase switch
        {
            ExperimentPhase.Running or ExperimentPhase.Decided => new Look(spec, state, tallies, nowTicks, inFlight, isWarned).Run(),
            ExperimentPhase.Promoted => Watch(spec, state, tallies, nowTicks, isWarned),
            _ => new(state, []),
        };
    }

    /// <summary>Promotes the winner of a decided experiment, by hand.</summary>
    /// <exception cref="InvalidOperationException">It is not decided.</exception>
    public static ExperimentStep Promote(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, long nowTicks)
    {
        CheckTallies(spec, tallies);
        if (state.Phase != ExperimentPhase.Decided) throw new InvalidOperationException($"Experiment {spec.Name} is {state.Phase}: only a decided one has a winner to promote.");
        return Promote(state, tallies, nowTicks, TransitionReason.Operator, null);
    }

    /// <summary>Stops an experiment by hand: the control serves.</summary>
    /// <exception cref="InvalidOperationException">It has ended already.</exception>
    public static ExperimentStep Stop(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, long nowTicks)
    {
        CheckTallies(spec, tallies);
        if (!state.IsOpen) throw new InvalidOperationException($"Experiment {spec.Name} is {state.Phase}: there is nothing to stop.");
        var to = state.Phase == ExperimentPhase.Promoted ? ExperimentPhase.Demoted : ExperimentPhase.Stopped;
        return Move(state, to, state.Winner ?? "", TransitionReason.Operator, null, tallies, nowTicks);
    }

    /// <summary>All metrics of all challengers against the control, with their intervals; of arms with too few requests yet, none.</summary>
    public static IReadOnlyList<MetricComparison> Compare(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies)
    {
        CheckTallies(spec, tallies);
        var now = state.Phase == ExperimentPhase.Promoted ? SinceBaseline(state, tallies) : tallies;
        var list = new List<MetricComparison>();
        for (var arm = 1; arm < spec.Arms.Count; arm++)
        {
            if (!CanCompare(spec, now, arm)) continue;
            foreach (var metric in spec.Guardrails.Select(g => g.Metric).Prepend(spec.Primary).Distinct()) list.Add(Comparison(spec, now, arm, metric, TestOf(spec, state, now, arm, metric)));
        }
        return list;
    }

    /// <summary>An arm that serves and of whose requests the fallback of its strategy decided more than <see cref="MostFallback"/>, with that share; null when there is none, or too few requests yet. Of a promoted experiment since the promotion.</summary>
    public static (string Arm, double Share)? OnFallback(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(state);
        CheckTallies(spec, tallies);
        var (now, weights) = (state.Phase == ExperimentPhase.Promoted ? SinceBaseline(state, tallies) : tallies, state.WeightsOf(spec));
        for (var arm = 0; arm < now.Count; arm++)
        {
            var share = (double)now[arm].Fallbacks / now[arm].Requests;
            if (weights[arm] > 0 && now[arm].Requests >= spec.MinRequestsPerArm && share > MostFallback) return (spec.Arms[arm].Name, share);
        }
        return null;
    }

    internal static bool CanCompare(ExperimentSpec spec, IReadOnlyList<ArmTally> tallies, int arm) => Math.Min(tallies[0].Requests, tallies[arm].Requests) >= spec.MinRequestsPerArm;

    internal static MetricTest TestOf(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, int arm, ExperimentMetric metric)
    {
        var guards = spec.Guardrails.Count(g => g.Metric != spec.Primary);
        var share = guards == 0 ? 1 : metric == spec.Primary ? 0.5 : 0.5 / guards;
        var alpha = spec.Alpha * share / 2 / (spec.Arms.Count - 1);
        var (control, own) = state.Phase == ExperimentPhase.Promoted ? (spec.Promotion.Holdback, 1 - spec.Promotion.Holdback) : (spec.Control.Weight, spec.Arms[arm].Weight);
        return MetricTest.Of(metric, tallies[0], tallies[arm], new(alpha, control, own, spec.DesignEffect, Math.Max(1, spec.TrafficBudget * TypicalShare)));
    }

    internal static MetricComparison Comparison(ExperimentSpec spec, IReadOnlyList<ArmTally> tallies, int arm, ExperimentMetric metric, MetricTest test)
    {
        var (low, high) = test.Interval();
        return new(spec.Arms[arm].Name, metric, test.Control, test.Value, test.Effect, low, high, tallies[0].Requests, tallies[arm].Requests);
    }

    /// <summary>Why an arm is to be stopped; null when it is not.</summary>
    internal static (TransitionReason Reason, MetricComparison Evidence)? Fault(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, int arm)
    {
        if (!CanCompare(spec, tallies, arm)) return null;
        foreach (var guard in spec.Guardrails)
        {
            var test = TestOf(spec, state, tallies, arm, guard.Metric);
            if (test.IsAbove(guard.Margin)) return (TransitionReason.Guardrail, Comparison(spec, tallies, arm, guard.Metric, test));
        }
        var primary = TestOf(spec, state, tallies, arm, spec.Primary);
        return primary.IsAbove(0) ? (TransitionReason.Losing, Comparison(spec, tallies, arm, spec.Primary, primary)) : null;
    }

    internal static ExperimentStep Promote(ExperimentState state, IReadOnlyList<ArmTally> tallies, long nowTicks, TransitionReason reason, MetricComparison? evidence)
    {
        var step = Move(state, ExperimentPhase.Promoted, state.Winner!, reason, evidence, tallies, nowTicks);
        return step with { State = step.State with { Baseline = [.. tallies.Select(t => t.ToCounts())] } };
    }

    internal static ExperimentStep Move(
        ExperimentState state, ExperimentPhase to, string arm, TransitionReason reason, MetricComparison? evidence, IReadOnlyList<ArmTally> tallies, long nowTicks) =>
        new(state with { Phase = to, PhaseAtTicks = nowTicks }, [new(nowTicks, state.Phase, to, arm, reason, evidence, tallies.Sum(t => t.Requests))]);

    private static ExperimentStep Watch(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, long nowTicks, bool isWarned)
    {
        var winner = spec.Arms.Select(a => a.Name).ToList().IndexOf(state.Winner!);
        if (winner < 1) throw new ArgumentException($"Winner {state.Winner} is no challenger of experiment {spec.Name}.", nameof(state));
        var since = SinceBaseline(state, tallies);
        if (Fault(spec, state, since, winner) is { } fault) return Move(state, ExperimentPhase.Demoted, state.Winner!, fault.Reason, fault.Evidence, tallies, nowTicks);
        var watched = nowTicks - state.PhaseAtTicks;
        // What was never compared has not held: it is watched for as long again, and then the control serves.
        if (CanCompare(spec, since, winner) && !isWarned && watched >= spec.Promotion.Watch.Ticks) return Move(state, ExperimentPhase.Kept, state.Winner!, TransitionReason.WatchPassed, null, tallies, nowTicks);
        return watched / 2 >= spec.Promotion.Watch.Ticks ? Move(state, ExperimentPhase.Demoted, state.Winner!, TransitionReason.MaxDuration, null, tallies, nowTicks) : new(state, []);
    }

    private static ArmTally[] SinceBaseline(ExperimentState state, IReadOnlyList<ArmTally> tallies) => [.. tallies.Zip(state.Baseline, (now, then) => now.Since(ArmTally.FromCounts(then)))];

    private static void CheckTallies(ExperimentSpec spec, IReadOnlyList<ArmTally> tallies)
    {
        ArgumentNullException.ThrowIfNull(tallies);
        if (tallies.Count != spec.Arms.Count) throw new ArgumentException($"Experiment {spec.Name} has {spec.Arms.Count} arms, not {tallies.Count} tallies.", nameof(tallies));
    }
}
