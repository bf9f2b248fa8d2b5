using InferMesh.Strategies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class SessionAffinityTests
{
    [TestMethod]
    [DynamicData(nameof(Tables.Strategies), typeof(Tables))]
    public void Decide_OneSession_StaysOnItsTarget(string strategy)
    {
        var homes = Enumerable.Range(0, 20).Select(i => Home(Tables.Equal(16), "conversation", strategy, (ulong)i)).ToHashSet();
        Assert.HasCount(1, homes);
    }

    [TestMethod]
    public void Decide_ManySessions_SpreadOverAllTargets()
    {
        var shares = Enumerable.Range(0, 1600).GroupBy(i => Home(Tables.Equal(16), $"session-{i}")).Select(g => g.Count()).ToArray();
        Assert.HasCount(16, shares);
        Assert.IsInRange(60, 140, shares.Min());
        Assert.IsInRange(60, 140, shares.Max());
    }

    [TestMethod]
    public void Decide_OneTargetLeaves_OnlyItsSessionsMove()
    {
        var all = Tables.Equal(16);
        var fewer = all[1..];
        var moved = Enumerable.Range(0, 500).Select(i => $"session-{i}").Where(s => Home(all, s) != Home(fewer, s)).ToArray();
        Assert.IsTrue(moved.All(s => Home(all, s) == "n000"));
        Assert.IsInRange(10, 60, moved.Length);
    }

    [TestMethod]
    public void Decide_HomeIsBusy_GoesToTheNextOfTheSession()
    {
        var rows = Tables.Equal(16);
        var home = Home(rows, "s");
        var busy = rows.Select(r => r.Identity.NodeId == home ? r with { Running = 64, Waiting = 200 } : r).ToArray();
        var next = Home(busy, "s");
        Assert.AreNotEqual(home, next);
        Assert.AreEqual(Home([.. rows.Where(r => r.Identity.NodeId != home)], "s"), next, "the same as if it were gone");
    }

    [TestMethod]
    public void Decide_HomeIsRuledOut_GoesToAnother()
    {
        var rows = Tables.Equal(4);
        var home = Home(rows, "s");
        var request = Tables.Request() with { Session = "s", ExcludedNodes = [home] };
        Assert.AreNotEqual(home, Tables.Decide(Tables.Table(rows), request: request).First());
    }

    [TestMethod]
    public void Decide_WithASession_ReturnsTheSameTargetsInAnotherOrder()
    {
        var rows = Tables.Equal(3);
        var decision = Tables.Decide(Tables.Table(rows), request: Tables.Request() with { Session = "s" });
        CollectionAssert.AreEquivalent(new[] { "n000", "n001", "n002" }, decision.Nodes());
    }

    private static string Home(TargetRow[] rows, string session, string strategy = StrategyCatalog.Default, ulong sequence = 0) =>
        Tables.Decide(Tables.Table(rows), strategy, Tables.Request() with { Session = session }, sequence, seed: sequence).First();
}
