using InferMesh.Strategies;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Hedging;

[TestClass]
public sealed class HedgePlannerTests
{
    [TestMethod]
    public void Plan_SwitchedOff_IsDisabled() => Assert.AreEqual(HedgeVerdict.Disabled, Plan([Row("a"), Row("b")], HedgeSettings.Default with { Enabled = false }).Verdict);

    [TestMethod]
    [DataRow("mesh", null, HedgeVerdict.Disabled, DisplayName = "nobody asks for hedges")]
    [DataRow("mesh", true, HedgeVerdict.Planned, DisplayName = "policy asks for them")]
    [DataRow("mesh_hedge", null, HedgeVerdict.Planned, DisplayName = "the strategy hedges of its own accord")]
    [DataRow("mesh_hedge", false, HedgeVerdict.Disabled, DisplayName = "policy has the last word")]
    public void Plan_WhoAsksForHedges_GetsThem(string strategy, bool? policy, HedgeVerdict expected)
    {
        var rule = Rule("h") with { Hedging = policy is null ? null : HedgeSettings.Default with { Enabled = policy } };
        Assert.AreEqual(expected, Decide(Table([Row("a"), Row("b")], rule), strategy).Hedge.Verdict);
        Assert.AreEqual(expected, Decide(Table([Row("a"), Row("b")], rule with { Strategy = StrategyCatalog.Create(strategy) }), strategy).Hedge.Verdict);
    }

    [TestMethod]
    public void Catalogue_SaysOfEachStrategyWhetherItHedges()
    {
        foreach (var strategy in StrategyCatalog.All) Assert.AreEqual(strategy.Hedges, StrategyCatalog.Create(strategy.Name) is IHedgingStrategy, strategy.Name);
    }

    [TestMethod]
    public void Plan_OneTargetWanted_HasNoSecond() => Assert.AreEqual(HedgeVerdict.NoSecondTarget, Plan([Row("a"), Row("b")], maxTargets: 1).Verdict);

    [TestMethod]
    public void Plan_AllFailTogether_IsSameFailureDomain() => Assert.AreEqual(HedgeVerdict.SameFailureDomain, Plan([Row("a", domain: "rack"), Row("b", domain: "rack")]).Verdict);

    [TestMethod]
    public void Plan_BusyTargets_AreSaturated()
    {
        Assert.AreEqual(HedgeVerdict.Saturated, Plan([Row("a") with { Running = 60 }, Row("b") with { Running = 60 }]).Verdict);
        Assert.AreEqual(HedgeVerdict.Planned, Plan([Row("a") with { Running = 40 }, Row("b") with { Running = 40 }]).Verdict);
    }

    [TestMethod]
    public void Plan_NearestPickOfAnotherDomain_IsTheSecondAttempt()
    {
        var plan = Plan([Row("a", domain: "r1"), Row("b", domain: "r1") with { Running = 1 }, Row("c", domain: "r2") with { Running = 2 }]);
        Assert.AreEqual((HedgeVerdict.Planned, 2), (plan.Verdict, plan.Pick));
    }

    [TestMethod]
    [DataRow(0.001, 50)]
    [DataRow(0.95, 2000)]
    [DataRow(100, 5000)]
    public void Plan_Delay_FollowsTheExpectedFirstTokenWithinItsLimits(double rttSeconds, double delayMs)
    {
        // TTFT is the prefill of 50 ms and the round trip; twice that is about the 95th percentile.
        var plan = Plan([Row("a") with { RttSeconds = rttSeconds, PrefillTokensPerSecond = rttSeconds < 0.01 ? 1e6 : 10_000 }, Row("b") with { RttSeconds = 1000 }]);
        Assert.AreEqual(delayMs, plan.Delay.TotalMilliseconds, 1);
    }

    private static HedgePlan Plan(TargetRow[] rows, HedgeSettings? settings = null, int maxTargets = 3) =>
        Decide(Table(rows, Rule("h") with { Hedging = settings ?? HedgeSettings.Default with { Enabled = true } }), request: Request(maxTargets)).Hedge;
}
