namespace InferMesh.Strategies.Experiments;

/// <summary>One look at an experiment that splits requests: first who has to go, then who has won, then whether time is up.</summary>
internal sealed class Look(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, long nowTicks, IReadOnlyList<long>? inFlight, bool isWarned)
{
    private readonly List<ExperimentTransition> _transitions = [];
    private ExperimentState _state = state;

    private long Requests => tallies.Sum(t => t.Requests);

    public ExperimentStep Run()
    {
        StopFaulty();
        if (_state.StoppedArms.Count == spec.Arms.Count - 1) Take(ExperimentRules.Move(_state with { Winner = null }, ExperimentPhase.Stopped, "", TransitionReason.NoChallenger, null, tallies, nowTicks));
        else if (_state.Phase == ExperimentPhase.Running && !Win()) End();
        return new(_state, _transitions);
    }

    private void StopFaulty()
    {
        for (var arm = 1; arm < spec.Arms.Count; arm++)
        {
            var name = spec.Arms[arm].Name;
            if (_state.StoppedArms.Contains(name) || ExperimentRules.Fault(spec, _state, tallies, arm) is not { } fault) continue;
            // A winner that waits for a hand and gets worse is none any more: the others go on.
            var to = _state.Winner == name ? ExperimentPhase.Running : _state.Phase;
            _transitions.Add(new(nowTicks, _state.Phase, to, name, fault.Reason, fault.Evidence, Requests));
            _state = _state with { StoppedArms = [.. _state.StoppedArms, name], Phase = to, PhaseAtTicks = to == _state.Phase ? _state.PhaseAtTicks : nowTicks, Winner = _state.Winner == name ? null : _state.Winner };
        }
    }

    private bool Win()
    {
        // Arms that did not get their share of the requests differ in more than their strategy.
        if (isWarned) return false;
        if (inFlight is not null && SampleRatio.Check(spec, _state, tallies, inFlight).IsOff) return false;
        if (nowTicks - _state.StartedAtTicks < spec.Promotion.MinDuration.Ticks) return false;
        var best = -1;
        MetricTest? bestTest = null;
        for (var arm = 1; arm < spec.Arms.Count; arm++)
        {
            if (_state.StoppedArms.Contains(spec.Arms[arm].Name) || !HasWon(arm, out var test) || (bestTest is not null && test.Effect >= bestTest.Effect)) continue;
            (best, bestTest) = (arm, test);
        }
        if (bestTest is null) return false;
        var evidence = ExperimentRules.Comparison(spec, tallies, best, spec.Primary, bestTest);
        var name = spec.Arms[best].Name;
        Take(ExperimentRules.Move(_state with { Winner = name }, ExperimentPhase.Decided, name, TransitionReason.Winning, evidence, tallies, nowTicks));
        if (spec.Promotion.Auto) Take(ExperimentRules.Promote(_state, tallies, nowTicks, TransitionReason.Winning, evidence));
        return true;
    }

    private bool HasWon(int arm, out MetricTest primary)
    {
        primary = ExperimentRules.TestOf(spec, _state, tallies, arm, spec.Primary);
        return ExperimentRules.CanCompare(spec, tallies, arm)
            && Math.Min(tallies[0].Requests, tallies[arm].Requests) >= spec.Promotion.MinRequestsPerArm
            && primary.IsBelow(-spec.MinGain)
            && spec.Guardrails.All(g => ExperimentRules.TestOf(spec, _state, tallies, arm, g.Metric).IsBelow(g.Margin));
    }

    private void End()
    {
        TransitionReason? over = Requests >= spec.TrafficBudget ? TransitionReason.TrafficBudget
            : nowTicks - _state.StartedAtTicks >= spec.MaxDuration.Ticks ? TransitionReason.MaxDuration : null;
        if (over is { } reason) Take(ExperimentRules.Move(_state, ExperimentPhase.Inconclusive, "", reason, null, tallies, nowTicks));
    }

    private void Take(ExperimentStep step)
    {
        _state = step.State;
        _transitions.AddRange(step.Transitions);
    }
}
