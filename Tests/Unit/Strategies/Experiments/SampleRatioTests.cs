using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

[TestClass]
public sealed class SampleRatioTests
{
    private static readonly ExperimentState s_running = ExperimentState.Start(0);

    [TestMethod]
    public void Check_OutcomesByTheirWeights_IsFineHoweverOftenItIsLookedAt()
    {
        var spec = Weighted(1, 3);
        var alarms = 0;
        for (var run = 0; run < 200; run++)
        {
            var random = new Random(run);
            long[] counts = [0, 0];
            for (var look = 0; look < 200; look++)
            {
                for (var i = 0; i < 50; i++) counts[random.NextDouble() < 0.25 ? 0 : 1]++;
                if (!SampleRatio.Check(spec, s_running, Tallies(counts), [0, 0]).IsOff) continue;
                alarms++;
                break;
            }
        }
        Assert.AreEqual(0, alarms);
    }

    [TestMethod]
    public void Check_OneArmLosesATwentiethOfItsOutcomes_IsOffWithinTensOfThousands()
    {
        var spec = Weighted(1, 1);
        Assert.IsFalse(SampleRatio.Check(spec, s_running, Tallies(500, 475), [0, 0]).IsOff, "few say nothing");
        var check = SampleRatio.Check(spec, s_running, Tallies(20_000, 19_000), [0, 0]);
        Assert.IsTrue(check.IsOff, $"{check.Evidence}");
        Assert.AreEqual(0.5128, check.Actual[0], 0.0001);
        CollectionAssert.AreEqual(new[] { 0.5, 0.5 }, check.Expected.ToArray());
    }

    [TestMethod]
    public void Check_RequestsThatWereAskedForTwice_AreGivenOnce()
    {
        // All targets of a twentieth of the control's requests fail, and a second decision serves them.
        var (control, challenger) = (Tallies(20_000)[0], Tallies(20_000)[0]);
        for (var i = 0; i < 1_200; i++) control.Record(new(1, 1, double.NaN, Failed: false, Again: true));
        Assert.IsTrue(SampleRatio.Check(Weighted(1, 1), s_running, Tallies(21_200, 20_000), [0, 0]).IsOff);
        Assert.IsFalse(SampleRatio.Check(Weighted(1, 1), s_running, [control, challenger], [0, 0]).IsOff);
        Assert.AreEqual((21_200L, 1_200L), (control.Requests, ArmTally.FromCounts(control.ToCounts()).Again));
    }

    [TestMethod]
    [DataRow(AssignmentUnit.Session)]
    [DataRow(AssignmentUnit.Tenant)]
    [DataRow(AssignmentUnit.Header)]
    public void Check_UnitsOfManyRequests_IsNotLookedAt(AssignmentUnit unit)
    {
        var spec = Weighted(1, 1) with { Unit = unit, DesignEffect = 2 };
        var check = SampleRatio.Check(spec, s_running, Tallies(20_000, 10_000), [0, 0]);
        Assert.IsFalse(check.IsOff, "requests of one unit come together");
        CollectionAssert.AreEqual(new[] { 0.0, 0 }, check.Expected.ToArray());
    }

    [TestMethod]
    public void Check_StoppedArm_IsLeftOut()
    {
        var spec = Weighted(1, 1, 1);
        Assert.IsTrue(SampleRatio.Check(spec, s_running, Tallies(20_000, 20_000, 5_000), [0, 0, 0]).IsOff);
        Assert.IsFalse(SampleRatio.Check(spec, s_running with { StoppedArms = ["arm-2"] }, Tallies(20_000, 20_000, 5_000), [0, 0, 0]).IsOff);
        Assert.IsFalse(SampleRatio.Check(spec, s_running with { Phase = ExperimentPhase.Promoted, Winner = "arm-1" }, Tallies(20_000, 90_000, 5_000), [0, 0, 0]).IsOff, "a promoted one is not looked at");
    }

    [TestMethod]
    public void Step_WinnerOfARatioThatIsOff_DoesNotWin()
    {
        var spec = Trials.Spec() with { Promotion = new() { Auto = true, MinRequestsPerArm = 1_000, MinDuration = TimeSpan.Zero } };
        ArmTally Arm(int requests, double seconds)
        {
            var tally = new ArmTally();
            for (var i = 0; i < requests; i++) tally.Record(new(seconds * (1 + i % 100 / 100.0), seconds * (1 + i % 100 / 100.0), double.NaN, false));
            return tally;
        }
        Assert.AreEqual(ExperimentPhase.Promoted, ExperimentRules.Step(spec, s_running, [Arm(20_000, 1), Arm(20_000, 0.5)], 1, [0, 0]).State.Phase);
        Assert.IsEmpty(ExperimentRules.Step(spec, s_running, [Arm(20_000, 1), Arm(15_000, 0.5)], 1, [0, 0]).Transitions);
        Assert.IsNotEmpty(ExperimentRules.Step(spec, s_running, [Arm(20_000, 1), Arm(15_000, 0.5)], 1, [100, 5_050]).Transitions, "they are on their way");
    }

    [TestMethod]
    public void LogGamma_IsThatOfTables()
    {
        Assert.AreEqual(Math.Log(24), SampleRatio.LogGamma(5), 1e-12);
        Assert.AreEqual(Math.Log(Math.PI) / 2, SampleRatio.LogGamma(0.5), 1e-12);
        Assert.AreEqual(12.801827480081469, SampleRatio.LogGamma(10), 1e-11);
    }

    [TestMethod]
    [DataRow("ttft_p95", 0, true)]
    [DataRow("ttft_p999", 0, true)]
    [DataRow("e2e_p5", 0, true)]
    [DataRow("e2e_gmean", 0, true)]
    [DataRow("cost_mean", 2, true)]
    [DataRow("error_rate", 0, true)]
    [DataRow("ttft_p", 0, false)]
    [DataRow("ttft_p100", 0, false)]
    [DataRow("ttft_p0", 0, false)]
    [DataRow("ttft_p950", 0, false)]
    [DataRow("size_p95", 0, false)]
    [DataRow("ttft", 0, false)]
    public void Metric_IsReadAsItIsWritten(string name, double cap, bool known)
    {
        Assert.AreEqual(known, ExperimentMetric.TryParse(name, cap, out var metric));
        if (known) Assert.AreEqual(name, metric.Name);
    }

    private static ExperimentSpec Weighted(params double[] weights) => Trials.Spec() with { Arms = [.. weights.Select((w, i) => new ExperimentArm($"arm-{i}", w, "mesh"))] };

    private static ArmTally[] Tallies(params long[] requests) => [.. requests.Select(n => ArmTally.FromCounts(new(n, 0, [new([], []), new([], []), new([], [])])))];
}
