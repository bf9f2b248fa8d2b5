using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class PowerOfTwoTests
{
    [TestMethod]
    public void Rank_TwoTargets_AlwaysTakesTheOneWithFewerRequests()
    {
        var table = Table([Row("busy") with { Running = 9 }, Row("idle") with { Running = 2 }]);
        for (var seed = 0UL; seed < 50; seed++) CollectionAssert.AreEqual(new[] { "idle", "busy" }, Decide(table, "power_of_two", seed: seed).Nodes());
    }

    [TestMethod]
    public void Rank_ManyTargets_MostOftenTheIdleAndNeverTheBusiest()
    {
        var table = Table(Enumerable.Range(0, 10).Select(i => Row($"n{i}") with { Running = i }));
        var counts = Enumerable.Range(0, 9000).Select(i => Decide(table, "power_of_two", Request(1), seed: (ulong)i).First()).CountBy(n => n).ToDictionary();
        // Of two different ones out of ten, the best is drawn in 9 of 45 pairs, the second best wins 8 of 45, and so on; the worst never wins.
        for (var i = 0; i < 9; i++) Assert.AreEqual(9000 * (9 - i) / 45.0, counts[$"n{i}"], 150, $"n{i}");
        Assert.IsFalse(counts.ContainsKey("n9"));
    }

    [TestMethod]
    public void Rank_AlmostAllOutOfRotation_StillDrawsEvenly()
    {
        var targets = new TargetSet(Model, Equal(2000));
        var filter = new FilterReason[2000];
        Array.Fill(filter, FilterReason.NodeOffline);
        foreach (var eligible in (int[])[3, 500, 501, 1999]) filter[eligible] = FilterReason.None;
        var strategy = StrategyCatalog.Create("power_of_two");
        var best = new RankedTarget[4];
        var firsts = new HashSet<int>();
        for (var seed = 0UL; seed < 200; seed++)
        {
            Assert.AreEqual(4, strategy.Rank(new(targets, Request(), filter, NowTicks, 0, seed), best));
            CollectionAssert.AreEquivalent(new[] { 3, 500, 501, 1999 }, best.Select(b => b.Target).ToArray());
            firsts.Add(best[0].Target);
        }
        Assert.HasCount(4, firsts);
    }
}
