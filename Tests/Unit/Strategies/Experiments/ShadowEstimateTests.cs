using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

[TestClass]
public sealed class ShadowEstimateTests
{
    [TestMethod]
    public void Of_ModelThatIsOffByAFactor_HoldsTheTrueRegretInAtLeast95OfAHundredRuns()
    {
        const int Runs = 400;
        var truth = 0.0;
        var held = Trials.Count(Runs, seed =>
        {
            var (tally, regret) = Observe(seed, 5_000, factor: 1.5, blind: 0);
            Volatile.Write(ref truth, regret);
            return ShadowEstimate.Of(tally) is { } e && e.Low <= regret && regret <= e.High;
        });
        Assert.IsGreaterThanOrEqualTo(Runs * 95 / 100, held);
        var estimate = ShadowEstimate.Of(Observe(1, 50_000, 1.5, 0).Tally)!;
        Assert.AreEqual(1.5, estimate.Slope, 0.05);
        Assert.AreEqual(truth, estimate.RegretSeconds, 0.15 * truth);
        Assert.AreEqual(truth / 1.5, estimate.PricedSeconds, 0.05 * truth);
        Assert.IsTrue(estimate.Low > 0 && estimate.AgreeShare is > 0.55 and < 0.65);
    }

    [TestMethod]
    public void Of_ModelThatIsBlindWhereTheyDisagree_ShowsAGapAndAWiderInterval()
    {
        var (fair, blind) = (ShadowEstimate.Of(Observe(3, 20_000, 1, 0).Tally)!, ShadowEstimate.Of(Observe(3, 20_000, 1, 0.5).Tally)!);
        Assert.AreEqual(0, fair.SelectionGapSeconds, 0.05);
        Assert.IsGreaterThan(0.3, blind.SelectionGapSeconds);
        Assert.IsGreaterThan(fair.High - fair.Low + 0.1, blind.High - blind.Low);
    }

    [TestMethod]
    public void Add_TalliesOfSilos_IsTheTallyOfAll()
    {
        RandomStream random = new(5, 1);
        ShadowTally whole = new(), one = new(), other = new();
        for (var i = 0UL; i < 2_000; i++)
        {
            var (live, shadow, seen) = (random.NextUnit(), random.NextUnit(), random.NextUnit());
            whole.Add(i, live, shadow, seen, i % 3 == 0);
            (i % 2 == 0 ? one : other).Add(i, live, shadow, seen, i % 3 == 0);
        }
        other.Add(one.ToSums());
        CollectionAssert.AreEqual(whole.ToSums().ToArray(), other.ToSums().ToArray());
        Assert.AreEqual(ShadowEstimate.Of(whole), ShadowEstimate.Of(other));
    }

    [TestMethod]
    public void Of_TooLittle_IsNull()
    {
        var tally = new ShadowTally();
        Assert.IsNull(ShadowEstimate.Of(tally));
        for (var i = 0UL; i < 1_000; i++) tally.Add(i, 1, 1, 2, true);
        Assert.IsNull(ShadowEstimate.Of(tally), "Times that are all expected alike have no line through them.");
        Assert.IsFalse(tally.Add(1, double.NaN, 1, 1, false));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ShadowEstimate.Of(tally, 0));
    }

    /// <summary>Requests whose live pick takes the expected time, times a factor and noise; in four of ten the shadow picks another target that is 0.4 s faster in the model's eyes. Where they disagree, the live pick takes <paramref name="blind"/> seconds more than the model knows.</summary>
    private static (ShadowTally Tally, double Regret) Observe(ulong seed, int requests, double factor, double blind)
    {
        RandomStream random = new(seed, 6);
        var tally = new ShadowTally();
        for (var i = 0; i < requests; i++)
        {
            var expected = 0.5 + random.NextExponential(1.5);
            var agreed = random.NextUnit() < 0.6;
            var observed = factor * expected * Trials.LogNormal(random, Math.Exp(-0.125), 0.5) + (agreed ? 0 : blind);
            tally.Add((ulong)i, expected, agreed ? expected : expected - 0.4, observed, agreed);
        }
        return (tally, 0.4 * 0.4 * factor + 0.4 * blind);
    }
}
