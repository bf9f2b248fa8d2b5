using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

[TestClass]
public sealed class ArmTallyTests
{
    [TestMethod]
    public void Add_TalliesOfSilosInAnyOrder_IsTheTallyOfAllOutcomes()
    {
        RandomStream random = new(1, 1);
        var (whole, silos) = (new ArmTally(), Enumerable.Range(0, 5).Select(_ => new ArmTally()).ToArray());
        for (var i = 0; i < 20_000; i++)
        {
            var outcome = new ArmOutcome(Trials.LogNormal(random, 0.2, 2), Trials.LogNormal(random, 2, 1), Trials.LogNormal(random, 1e-4, 1), random.NextUnit() < 0.02, random.NextUnit() < 0.1);
            whole.Record(outcome);
            silos[i % 5].Record(outcome);
        }
        foreach (var order in new int[][] { [0, 1, 2, 3, 4], [4, 2, 0, 3, 1] })
        {
            var merged = new ArmTally();
            foreach (var silo in order) merged.Add(ArmTally.FromCounts(silos[silo].ToCounts()));
            AssertEqual(whole, merged);
        }
        AssertEqual(whole, whole.Since(new()));
        var later = ArmTally.FromCounts(whole.ToCounts());
        later.Add(silos[0]);
        AssertEqual(silos[0], later.Since(whole));
    }

    [TestMethod]
    public void Record_Failed_TookForeverInTheTimesThatItWouldHaveHad()
    {
        var tally = new ArmTally();
        tally.Record(new(double.PositiveInfinity, double.PositiveInfinity, double.NaN, Failed: true, FellBack: true));
        tally.Record(new(double.NaN, 3, 2, Failed: true));
        tally.Record(new(double.NaN, double.NaN, double.NaN, Failed: true));
        Assert.AreEqual((3L, 1L, 2L, 0L, 1L), (tally.Errors, tally.Forever(Measure.Ttft), tally.Forever(Measure.E2e), tally.Forever(Measure.Cost), tally.Fallbacks));
        Assert.AreEqual(0, tally.Values(Measure.E2e).Count());
        var old = ArmTally.FromCounts(tally.ToCounts() with { Forever = null });
        Assert.AreEqual((3L, 3L, 0L), (old.Forever(Measure.Ttft), old.Forever(Measure.E2e), old.Forever(Measure.Cost)), "as silos of before counted");
    }

    [TestMethod]
    public void Record_ManyThreads_LosesNothing()
    {
        var tally = new ArmTally();
        Parallel.For(0, 20_000, i => tally.Record(new(i * 1e-3, 1, double.NaN, false)));
        Assert.AreEqual((20_000L, 20_000L, 20_000L, 0L), (tally.Requests, tally.Values(Measure.Ttft).Count(), tally.Values(Measure.E2e).Count(), tally.Values(Measure.Cost).Count()));
    }

    [TestMethod]
    public void Histogram_AnyValue_IsInAStepOfHalfAPercent()
    {
        Assert.AreEqual((0, 0, OutcomeHistogram.Steps - 1), (OutcomeHistogram.StepOf(0), OutcomeHistogram.StepOf(1e-12), OutcomeHistogram.StepOf(1e12)));
        for (var value = 2e-9; value < 1e6; value *= 1.37) Assert.AreEqual(1, OutcomeHistogram.Middle(OutcomeHistogram.StepOf(value)) / value, 0.0028);
        var histogram = new OutcomeHistogram();
        Assert.IsFalse(histogram.Add(double.NaN) || histogram.Add(-1) || histogram.Add(double.PositiveInfinity));
        Assert.AreEqual(0, histogram.Count());
    }

    [TestMethod]
    public void FromCounts_OfSomethingElse_SaysWhatIsWrong()
    {
        var counts = new ArmTally().ToCounts();
        Assert.Contains("3 measures", Assert.ThrowsExactly<ArgumentException>(() => ArmTally.FromCounts(counts with { Values = [] })).Message);
        Assert.Contains("Values[0].Steps[0]", Assert.ThrowsExactly<ArgumentException>(() => ArmTally.FromCounts(counts with { Values = [new([99_999], [1]), .. counts.Values.Skip(1)] })).Message);
        Assert.Contains("Values[0].Counts[0]", Assert.ThrowsExactly<ArgumentException>(() => ArmTally.FromCounts(counts with { Values = [new([1], [-1]), .. counts.Values.Skip(1)] })).Message);
        Assert.Contains("-1 requests", Assert.ThrowsExactly<ArgumentException>(() => ArmTally.FromCounts(counts with { Requests = -1 })).Message);
        Assert.Contains("1 steps and 0 counts", Assert.ThrowsExactly<ArgumentException>(() => ArmTally.FromCounts(counts with { Values = [new([1], []), .. counts.Values.Skip(1)] })).Message);
    }

    private static void AssertEqual(ArmTally expected, ArmTally actual)
    {
        var (a, b) = (expected.ToCounts(), actual.ToCounts());
        Assert.AreEqual((a.Requests, a.Errors, a.Fallbacks), (b.Requests, b.Errors, b.Fallbacks));
        CollectionAssert.AreEqual(a.Forever!.ToArray(), b.Forever!.ToArray());
        for (var m = 0; m < a.Values.Count; m++)
        {
            CollectionAssert.AreEqual(a.Values[m].Steps.ToArray(), b.Values[m].Steps.ToArray());
            CollectionAssert.AreEqual(a.Values[m].Counts.ToArray(), b.Values[m].Counts.ToArray());
        }
    }
}
