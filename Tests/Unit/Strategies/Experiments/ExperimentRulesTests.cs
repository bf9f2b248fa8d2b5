using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

[TestClass]
public sealed class ExperimentRulesTests
{
    private static readonly long s_hour = TimeSpan.FromHours(1).Ticks;

    [TestMethod]
    public void Step_ArmThatRaisesErrors_IsStoppedByTheGuardrail()
    {
        var spec = Trials.Spec();
        var step = ExperimentRules.Step(spec, ExperimentState.Start(5), [Arm(1, 5_000), Arm(2, 5_000, errors: 0.05)], 9);
        Assert.AreEqual(ExperimentPhase.Stopped, step.State.Phase);
        CollectionAssert.AreEqual(new[] { (TransitionReason.Guardrail, "challenger"), (TransitionReason.NoChallenger, "") }, step.Transitions.Select(t => (t.Reason, t.Arm)).ToArray());
        var evidence = step.Transitions[0].Evidence!;
        Assert.AreEqual(("error_rate", 10_000L, 9L), (evidence.Metric.Name, step.Transitions[0].Requests, step.Transitions[0].AtTicks));
        Assert.IsTrue(evidence.Low > 0.01 && evidence.Low < evidence.Effect && evidence.Effect < evidence.High);
        CollectionAssert.AreEqual(new[] { 1d, 0 }, step.State.WeightsOf(spec).ToArray());
        Assert.IsEmpty(ExperimentRules.Step(spec, step.State, [Arm(1, 5_000), Arm(2, 5_000)], 10).Transitions, "What has ended stays so.");
    }

    [TestMethod]
    public void Step_OneOfTwoChallengersLoses_TheOtherGoesOnAndWins()
    {
        var spec = Trials.Spec("control", "bad", "good") with { Promotion = new() { MinRequestsPerArm = 10_000, MinDuration = TimeSpan.FromHours(2) } };
        ArmTally[] arms = [Arm(1, 9_000), Arm(2, 9_000, factor: 1.5), Arm(3, 9_000, factor: 0.7)];
        var step = ExperimentRules.Step(spec, ExperimentState.Start(0), arms, s_hour);
        Assert.AreEqual((ExperimentPhase.Running, "bad", 0L), (step.State.Phase, step.State.StoppedArms.Single(), step.State.PhaseAtTicks));
        Assert.AreEqual((ExperimentPhase.Running, ExperimentPhase.Running), (step.Transitions.Single().From, step.Transitions.Single().To));

        // Better beyond doubt, but too early, and then with too few requests.
        Assert.IsEmpty(ExperimentRules.Step(spec, step.State, [Arm(1, 20_000), arms[1], Arm(3, 20_000, factor: 0.7)], s_hour).Transitions);
        Assert.IsEmpty(ExperimentRules.Step(spec, step.State, arms, 3 * s_hour).Transitions);
        var won = ExperimentRules.Step(spec, step.State, [Arm(1, 20_000), arms[1], Arm(3, 20_000, factor: 0.7)], 3 * s_hour);
        Assert.AreEqual((ExperimentPhase.Decided, "good"), (won.State.Phase, won.State.Winner));
        var transition = won.Transitions.Single();
        Assert.AreEqual((TransitionReason.Winning, "good", "ttft_p95"), (transition.Reason, transition.Arm, transition.Evidence!.Metric.Name));
        Assert.IsLessThan(0, transition.Evidence.High);
    }

    [TestMethod]
    public void Step_WinnerThatIsNotShownToKeepAGuardrail_DoesNotWin()
    {
        // Its first token is sooner; that its errors are fewer than one point more cannot be told from 1,500 requests.
        var spec = Trials.Spec();
        Assert.IsEmpty(ExperimentRules.Step(spec, ExperimentState.Start(0), [Arm(1, 1_500, errors: 0.02), Arm(2, 1_500, factor: 0.5, errors: 0.02)], 1).Transitions);
        var more = ExperimentRules.Step(spec, ExperimentState.Start(0), [Arm(1, 60_000, errors: 0.02), Arm(2, 60_000, factor: 0.5, errors: 0.02)], 1);
        Assert.AreEqual(ExperimentPhase.Decided, more.State.Phase);
        var demanding = ExperimentRules.Step(spec with { MinGain = 0.6 }, ExperimentState.Start(0), [Arm(1, 60_000, errors: 0.02), Arm(2, 60_000, factor: 0.5, errors: 0.02)], 1);
        Assert.IsEmpty(demanding.Transitions, "A gain of a half is none of 60 %.");
    }

    [TestMethod]
    public void Step_AutoPromotion_WatchesThenKeepsOrDemotesByWhatCameAfter()
    {
        var spec = Trials.Spec() with { Promotion = new() { Auto = true, MinRequestsPerArm = 1_000, MinDuration = TimeSpan.Zero, Watch = TimeSpan.FromHours(10) } };
        ArmTally[] then = [Arm(1, 20_000), Arm(2, 20_000, factor: 0.6)];
        var promoted = ExperimentRules.Step(spec, ExperimentState.Start(0), then, s_hour);
        CollectionAssert.AreEqual(new[] { (ExperimentPhase.Running, ExperimentPhase.Decided), (ExperimentPhase.Decided, ExperimentPhase.Promoted) }, promoted.Transitions.Select(t => (t.From, t.To)).ToArray());
        CollectionAssert.AreEqual(new[] { 0.05, 0.95 }, promoted.State.WeightsOf(spec).ToArray());
        Assert.IsEmpty(ExperimentRules.Step(spec, promoted.State, then, 2 * s_hour).Transitions);

        var held = ExperimentRules.Step(spec, promoted.State, [Plus(then[0], Arm(3, 2_000)), Plus(then[1], Arm(4, 38_000, factor: 0.8))], 11 * s_hour);
        Assert.AreEqual((ExperimentPhase.Kept, TransitionReason.WatchPassed), (held.State.Phase, held.Transitions.Single().Reason));

        // As good as ever over all, but worse than the control since it serves: the past must not excuse it.
        ArmTally[] since = [Plus(then[0], Arm(3, 2_000)), Plus(then[1], Arm(4, 38_000, factor: 1.5))];
        var worse = ExperimentRules.Step(spec, promoted.State, since, 3 * s_hour);
        Assert.AreEqual((ExperimentPhase.Demoted, "challenger"), (worse.State.Phase, worse.Transitions.Single().Arm));
        Assert.AreEqual(2_000L, worse.Transitions.Single().Evidence!.ControlRequests);
        Assert.AreEqual(2_000L, ExperimentRules.Compare(spec, promoted.State, since)[0].ControlRequests);
    }

    [TestMethod]
    public void Step_PromotedArmThatCannotBeCompared_IsNotKept()
    {
        var spec = Trials.Spec() with { Promotion = new() { Auto = true, MinRequestsPerArm = 1_000, MinDuration = TimeSpan.Zero, Watch = TimeSpan.FromHours(10) } };
        ArmTally[] then = [Arm(1, 20_000), Arm(2, 20_000, factor: 0.6)];
        var promoted = ExperimentRules.Step(spec, ExperimentState.Start(0), then, s_hour).State;
        ArmTally[] few = [Plus(then[0], Arm(3, 100)), Plus(then[1], Arm(4, 2_000, factor: 0.6))];
        Assert.IsEmpty(ExperimentRules.Step(spec, promoted, few, 12 * s_hour).Transitions, "it goes on being watched");
        var demoted = ExperimentRules.Step(spec, promoted, few, 21 * s_hour);
        Assert.AreEqual((ExperimentPhase.Demoted, TransitionReason.MaxDuration), (demoted.State.Phase, demoted.Transitions.Single().Reason));
        ArmTally[] enough = [Plus(then[0], Arm(3, 600)), Plus(then[1], Arm(4, 12_000, factor: 0.6))];
        Assert.AreEqual(ExperimentPhase.Kept, ExperimentRules.Step(spec, promoted, enough, 12 * s_hour).State.Phase);
        Assert.IsEmpty(ExperimentRules.Step(spec, promoted, enough, 12 * s_hour, isWarned: true).Transitions, "no figure can be trusted");
    }

    [TestMethod]
    public void Step_Warned_NothingWins_AndALosingArmIsStoppedAllTheSame()
    {
        var spec = Trials.Spec() with { Promotion = new() { Auto = true, MinRequestsPerArm = 1_000, MinDuration = TimeSpan.Zero } };
        Assert.IsEmpty(ExperimentRules.Step(spec, ExperimentState.Start(0), [Arm(1, 20_000), Arm(2, 20_000, factor: 0.6)], s_hour, isWarned: true).Transitions);
        Assert.AreEqual(ExperimentPhase.Stopped, ExperimentRules.Step(spec, ExperimentState.Start(0), [Arm(1, 20_000), Arm(2, 20_000, factor: 1.6)], s_hour, isWarned: true).State.Phase);
    }

    [TestMethod]
    public void Step_DecidedWinnerThatGetsWorse_IsNoneAnyMore()
    {
        var spec = Trials.Spec("control", "a", "b");
        var decided = new ExperimentState(ExperimentPhase.Decided, 0, 0, [], "a", []);
        var step = ExperimentRules.Step(spec, decided, [Arm(1, 5_000), Arm(2, 5_000, factor: 1.5), Arm(3, 5_000)], 1);
        Assert.AreEqual((ExperimentPhase.Running, (string?)null, "a", 1L), (step.State.Phase, step.State.Winner, step.State.StoppedArms.Single(), step.State.PhaseAtTicks));
    }

    [TestMethod]
    public void Step_TrafficOrTimeIsOver_IsInconclusive()
    {
        var spec = Trials.Spec() with { TrafficBudget = 4_000 };
        ArmTally[] alike = [Arm(1, 2_000), Arm(2, 2_000)];
        var (traffic, time) = (ExperimentRules.Step(spec, ExperimentState.Start(0), alike, 1), ExperimentRules.Step(spec with { TrafficBudget = 5_000 }, ExperimentState.Start(0), alike, spec.MaxDuration.Ticks));
        Assert.AreEqual((ExperimentPhase.Inconclusive, TransitionReason.TrafficBudget), (traffic.State.Phase, traffic.Transitions.Single().Reason));
        Assert.AreEqual((ExperimentPhase.Inconclusive, TransitionReason.MaxDuration), (time.State.Phase, time.Transitions.Single().Reason));
    }

    [TestMethod]
    public void Step_TooFewRequests_JudgesNothing()
    {
        var spec = Trials.Spec();
        ArmTally[] few = [Arm(1, 50_000), Arm(2, 499, factor: 10, errors: 0.9)];
        Assert.IsEmpty(ExperimentRules.Step(spec, ExperimentState.Start(0), few, 1).Transitions);
        Assert.IsEmpty(ExperimentRules.Compare(spec, ExperimentState.Start(0), few));
    }

    [TestMethod]
    public void OnFallback_MoreThanAFewOfAnArm_NamesItWhileItServes()
    {
        var spec = Trials.Spec();
        Assert.IsNull(ExperimentRules.OnFallback(spec, ExperimentState.Start(0), [Arm(1, 2_000), Arm(2, 2_000, fallbacks: 0.02)]), "a few are its own");
        Assert.IsNull(ExperimentRules.OnFallback(spec, ExperimentState.Start(0), [Arm(1, 2_000), Arm(2, 400, fallbacks: 1)]), "too few requests");
        Assert.AreEqual("challenger", ExperimentRules.OnFallback(spec, ExperimentState.Start(0), [Arm(1, 2_000), Arm(2, 2_000, fallbacks: 0.2)])!.Value.Arm);
        Assert.AreEqual(("control", 1.0), ExperimentRules.OnFallback(spec, ExperimentState.Start(0), [Arm(1, 2_000, fallbacks: 1), Arm(2, 2_000)]));
        Assert.IsNull(ExperimentRules.OnFallback(spec, ExperimentState.Start(0) with { StoppedArms = ["challenger"] }, [Arm(1, 2_000), Arm(2, 2_000, fallbacks: 0.2)]));

        // Of a promoted one what came since counts.
        ArmTally[] then = [Arm(1, 20_000), Arm(2, 20_000)];
        var promoted = ExperimentRules.Promote(spec, new(ExperimentPhase.Decided, 0, 0, [], "challenger", []), then, 7).State;
        Assert.AreEqual("challenger", ExperimentRules.OnFallback(spec, promoted, [then[0], Plus(then[1], Arm(4, 1_000, fallbacks: 0.5))])!.Value.Arm);
    }

    [TestMethod]
    public void PromoteAndStop_ByHand_AreTransitionsOfTheirOwn()
    {
        var spec = Trials.Spec();
        ArmTally[] arms = [Arm(1, 2_000), Arm(2, 2_000)];
        var decided = new ExperimentState(ExperimentPhase.Decided, 0, 0, [], "challenger", []);
        var promoted = ExperimentRules.Promote(spec, decided, arms, 7);
        Assert.AreEqual((ExperimentPhase.Promoted, TransitionReason.Operator, 2), (promoted.State.Phase, promoted.Transitions.Single().Reason, promoted.State.Baseline.Count));
        Assert.AreEqual(ExperimentPhase.Demoted, ExperimentRules.Stop(spec, promoted.State, arms, 8).State.Phase);
        var stopped = ExperimentRules.Stop(spec, ExperimentState.Start(0), arms, 8);
        Assert.AreEqual(ExperimentPhase.Stopped, stopped.State.Phase);
        Assert.Contains("nothing to stop", Assert.ThrowsExactly<InvalidOperationException>(() => ExperimentRules.Stop(spec, stopped.State, arms, 9)).Message);
        Assert.Contains("only a decided one", Assert.ThrowsExactly<InvalidOperationException>(() => ExperimentRules.Promote(spec, stopped.State, arms, 9)).Message);
        Assert.Contains("2 arms", Assert.ThrowsExactly<ArgumentException>(() => ExperimentRules.Step(spec, decided, [arms[0]], 9)).Message);
    }

    [TestMethod]
    public void Check_AnythingWrong_NamesFieldAndFix()
    {
        Assert.IsEmpty(ExperimentSpecValidator.Check(Trials.Spec()));
        var wrong = Trials.Spec("a", "a") with
        {
            Name = "",
            Unit = AssignmentUnit.Header,
            Share = 0,
            Alpha = 0.6,
            TrafficBudget = 1,
            MinRequestsPerArm = 1,
            DesignEffect = 0.5,
            MaxDuration = TimeSpan.Zero,
            Primary = ExperimentMetric.Quantile(Measure.Ttft, 1),
            Guardrails = [new(ExperimentMetric.CappedMean(Measure.Cost, 0), -1)],
            Promotion = new() { Holdback = 0.9, Watch = TimeSpan.Zero },
        };
        var fields = ExperimentSpecValidator.Check(wrong).Select(e => e.Field).ToArray();
        CollectionAssert.AreEquivalent(
            new[]
            {
                "name", "arms", "header", "share", "alpha", "trafficBudget", "minRequestsPerArm", "designEffect", "maxDuration", "primary", "guardrails[0].metric", "guardrails[0].margin", "promotion.holdback",
                "promotion.watch", "promotion.minDuration",
            }, fields, string.Join(' ', fields));
        Assert.Contains("unless unit is request", ExperimentSpecValidator.Check(Trials.Spec() with { Unit = AssignmentUnit.Session }).Single().Message);
        Assert.IsEmpty(ExperimentSpecValidator.Check(Trials.Spec() with { Unit = AssignmentUnit.Session, DesignEffect = 3 }));
        Assert.Contains("'none' is not a strategy", ExperimentSpecValidator.Check(Trials.Spec() with { Arms = [new("a", 1, "mesh"), new("b", 1, "none")] }).Single().Message);
    }

    private static ArmTally Arm(ulong seed, int requests, double factor = 1, double errors = 0, double fallbacks = 0)
    {
        RandomStream random = new(seed, 9);
        RandomStream other = new(seed, 10);
        var tally = new ArmTally();
        for (var i = 0; i < requests; i++) tally.Record(new(factor * Trials.LogNormal(random, 0.2, 0.7), Trials.LogNormal(random, 2, 0.7), double.NaN, random.NextUnit() < errors, other.NextUnit() < fallbacks));
        return tally;
    }

    private static ArmTally Plus(ArmTally a, ArmTally b)
    {
        var sum = new ArmTally();
        sum.Add(a);
        sum.Add(b);
        return sum;
    }
}
