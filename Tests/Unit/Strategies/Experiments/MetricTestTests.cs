using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

[TestClass]
public sealed class MetricTestTests
{
    private static readonly TestLevel s_level = new(0.025, 1, 1, 1, 20_000);

    public static IEnumerable<object[]> Metrics =>
    [
        [ExperimentMetric.Quantile(Measure.Ttft, 0.5)], [Trials.TtftP95], [ExperimentMetric.Quantile(Measure.E2e, 0.99)], [Trials.E2e], [ExperimentMetric.CappedMean(Measure.Cost, 100)], [ExperimentMetric.ErrorRate],
    ];

    [TestMethod]
    [DynamicData(nameof(Metrics))]
    public void Interval_OfArmsThatDiffer_HoldsTheTruthAndNotItsOpposite(ExperimentMetric metric)
    {
        // Everything 40 % slower and dearer, and failing at 6 instead of 2 in a thousand.
        var (control, arm) = (Arm(1, 40_000, 1, 0.002), Arm(2, 40_000, 1.4, 0.006));
        var test = MetricTest.Of(metric, control, arm, s_level);
        var (low, high) = test.Interval();
        var truth = metric.IsDifference ? 0.004 : test.Effect;
        Assert.IsTrue(low > 0 && low < truth && truth < high, $"{metric}: {low} {truth} {high}");
        if (!metric.IsDifference && metric.Statistic != Statistic.Quantile) Assert.IsTrue(low < 0.4 && 0.4 < high, $"{metric}: {low} {high}");
        Assert.IsTrue(test.IsAbove(0) && test.IsAbove(low) && !test.IsBelow(0) && test.IsBelow(high + 0.006));
        var swapped = MetricTest.Of(metric, arm, control, s_level).Interval();
        if (metric.IsDifference) Assert.AreEqual((-high, -low), (swapped.Low, swapped.High));
        else Assert.AreEqual(1 / (1 + high), 1 + swapped.Low, 0.012, "What is worse one way is better the other.");
    }

    [TestMethod]
    [DynamicData(nameof(Metrics))]
    public void Interval_WithMoreRequests_IsNarrower(ExperimentMetric metric)
    {
        var widths = new[] { 1_000, 8_000, 64_000 }.Select(n => MetricTest.Of(metric, Arm(3, n, 1, 0.004), Arm(4, n, 1, 0.004), s_level).Interval()).ToArray();
        Assert.IsTrue(widths.All(w => w.Low <= 0 && w.High >= 0), string.Join(' ', widths));
        Assert.IsTrue(widths[0].High > widths[1].High && widths[1].High > widths[2].High, string.Join(' ', widths));
    }

    [TestMethod]
    [DynamicData(nameof(Metrics))]
    public void Interval_OfNothing_KnowsNothing(ExperimentMetric metric)
    {
        var test = MetricTest.Of(metric, new(), new(), s_level);
        Assert.IsFalse(test.IsAbove(metric.IsDifference ? -1 : -0.99) || test.IsBelow(metric.IsDifference ? 1 : 99));
        Assert.AreEqual((-1.0, metric.IsDifference ? 1 : double.PositiveInfinity), test.Interval());
        Assert.IsTrue(double.IsNaN(test.Control) && double.IsNaN(test.Value) && double.IsNaN(test.Effect), $"{test.Control} {test.Value}: a mean of nothing is no second");
    }

    [TestMethod]
    public void Quantile_WhereFailuresTakeForever_IsWorseThoughAnswersAreFaster()
    {
        var (control, arm) = (new ArmTally(), new ArmTally());
        for (var i = 0; i < 4_000; i++)
        {
            control.Record(new(i % 100 * 0.01, 1, double.NaN, false));
            arm.Record(new(i % 100 * 0.005, 1, double.NaN, i % 100 >= 90));
        }
        var test = MetricTest.Of(Trials.TtftP95, control, arm, s_level);
        Assert.AreEqual(double.PositiveInfinity, test.Value);
        Assert.IsTrue(test.IsAbove(0) && !test.IsBelow(10));
        Assert.AreEqual(double.PositiveInfinity, test.Interval().High);
        // Both fail too often: neither quantile is a time, and neither is greater.
        var both = MetricTest.Of(Trials.TtftP95, Arm(5, 4_000, 1, 0.1), Arm(6, 4_000, 1, 0.4), s_level);
        Assert.IsFalse(both.IsAbove(0) || both.IsBelow(0));
        Assert.AreEqual(0.0, both.Effect);
    }

    [TestMethod]
    public void Quantile_OfFewStreamsAmongManyAnswersInOnePiece_IsThatOfTheStreams()
    {
        // One of ten streams, and of all six in a thousand fail: 0.6 % of the streams, not 5.7 % of what has a first token or failed.
        ArmTally[] arms = [new(), new()];
        for (var i = 0; i < 40_000; i++)
        {
            var (streams, fails) = (i % 10 == 0, i / 10 % 1000 < 6);
            for (var arm = 0; arm < 2; arm++) arms[arm].Record(new(streams ? (i / 10 % 97 + 1) * (arm == 0 ? 0.01 : 0.005) : double.NaN, 1, double.NaN, fails));
        }
        var test = MetricTest.Of(Trials.TtftP95, arms[0], arms[1], s_level);
        Assert.IsTrue(double.IsFinite(test.Control) && test.IsBelow(0), $"{test.Control} {test.Value}");
        Assert.AreEqual(-0.5, test.Effect, 0.02);
    }

    [TestMethod]
    public void Quantile_OfEqualValues_IsNoDifference()
    {
        var (control, arm) = (new ArmTally(), new ArmTally());
        for (var i = 0; i < 50_000; i++)
        {
            control.Record(new(0.25, 1, 1, false));
            arm.Record(new(0.25, 1, 1, false));
        }
        foreach (var metric in Metrics.Select(m => (ExperimentMetric)m[0]))
        {
            var test = MetricTest.Of(metric, control, arm, s_level);
            Assert.IsFalse(test.IsAbove(0) || test.IsBelow(0), metric.Name);
            Assert.IsTrue(test.IsBelow(0.05), $"{metric.Name}: equal values are shown to be near each other");
        }
    }

    [TestMethod]
    public void DesignEffect_OfFour_AsksForFourTimesTheRequests()
    {
        foreach (var metric in Metrics.Select(m => (ExperimentMetric)m[0]))
        {
            var (one, four) = (Arm(7, 5_000, 1, 0.003), Repeated(Arm(7, 5_000, 1, 0.003), 4));
            var (other, otherFour) = (Arm(8, 5_000, 1.3, 0.004), Repeated(Arm(8, 5_000, 1.3, 0.004), 4));
            var (plain, deflated) = (MetricTest.Of(metric, one, other, s_level).Interval(), MetricTest.Of(metric, four, otherFour, s_level with { DesignEffect = 4 }).Interval());
            Assert.AreEqual(plain.Low, deflated.Low, 0.002, metric.Name);
            Assert.AreEqual(plain.High, deflated.High, 0.002, metric.Name);
        }
    }

    [TestMethod]
    public void Interval_OfASmallCanary_HoldsAndFindsWhatIsWorse()
    {
        var level = s_level with { ControlWeight = 0.95, ArmWeight = 0.05 };
        foreach (var metric in Metrics.Select(m => (ExperimentMetric)m[0]))
        {
            Assert.IsTrue(MetricTest.Of(metric, Arm(9, 190_000, 1, 0.001), Arm(10, 10_000, 1.5, 0.02), level).IsAbove(0), metric.Name);
            Assert.IsFalse(MetricTest.Of(metric, Arm(9, 190_000, 1, 0.001), Arm(10, 10_000, 1, 0.001), level).IsAbove(0), metric.Name);
        }
    }

    private static ArmTally Arm(ulong seed, int requests, double factor, double errors)
    {
        RandomStream random = new(seed, 3);
        var tally = new ArmTally();
        for (var i = 0; i < requests; i++)
        {
            var size = random.NextNormal();
            tally.Record(new(factor * 0.2 * Math.Exp(size), factor * 2 * Math.Exp(size), factor * Math.Exp(0.5 * size), random.NextUnit() < errors));
        }
        return tally;
    }

    private static ArmTally Repeated(ArmTally tally, int times)
    {
        var sum = new ArmTally();
        for (var i = 0; i < times; i++) sum.Add(tally);
        return sum;
    }
}
