using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Policies;
using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Grains.Policies;

[TestClass]
public sealed class PolicyCompilerTests
{
    [TestMethod]
    public void Compile_Routing_CreatesTheStrategyAndTheMatch()
    {
        var rule = Compile(new() { Kind = PolicyKind.Routing, Priority = 7, Models = ["m*"], Routing = new() { Strategy = "least_queue" } });
        Assert.AreEqual(("p", 3L, 7, "least_queue"), (rule.Name, rule.Version, rule.Priority, rule.Strategy!.Name));
        Assert.IsTrue(rule.Match.Covers("m1", "", ""));
        Assert.IsFalse(rule.Match.Covers("x", "", ""));
        Assert.IsNull(rule.Hedging ?? (object?)rule.Admission ?? rule.Quota ?? (object?)rule.Access ?? rule.Placement);
    }

    [TestMethod]
    public void Compile_StrategyThatThisVersionDoesNotKnow_Throws() =>
        Assert.ThrowsExactly<ArgumentException>(() => Compile(new() { Kind = PolicyKind.Routing, Routing = new() { Strategy = "from_the_future" } }));

    [TestMethod]
    [DataRow(10, 1, 10)]
    [DataRow(10, 3, 4)]
    [DataRow(1, 5, 1)]
    [DataRow(1_000_000, 7, 142_858)]
    public void Compile_Quota_IsAnEqualShareRoundedUp(int limit, int routers, int share)
    {
        var load = new LocalLoad();
        var quota = PolicyCompiler.Compile(Policy(new() { Kind = PolicyKind.Quota, Quota = new() { MaxConcurrentRequests = limit } }), routers, _ => load, new()).Quota!;
        Assert.AreEqual(share, quota.MaxConcurrentRequests);
        Assert.AreSame(load, quota.InFlight);
    }

    [TestMethod]
    public void Compile_SloGoalsOnly_LeavesAdmissionAlone()
    {
        var rule = Compile(new() { Kind = PolicyKind.Slo, Slo = new() { TtftMs = 250 } });
        Assert.IsNull(rule.Admission);
        Assert.AreEqual(new SloGoals(TimeSpan.FromMilliseconds(250), null), rule.Slo);
    }

    [TestMethod]
    public void Compile_SloLimitsOnly_KeepTheOthersDefault()
    {
        var rule = Compile(new() { Kind = PolicyKind.Slo, Slo = new() { MaxKvCacheUsage = 0 } });
        Assert.IsNull(rule.Slo);
        Assert.AreEqual(AdmissionLimits.Default with { MaxKvCacheUsage = 0 }, rule.Admission);
    }

    [TestMethod]
    public void Compile_OtherKinds_CarryTheirValuesOver()
    {
        var hedging = Compile(new() { Kind = PolicyKind.Hedging, Hedging = new() { Enabled = false, MinDelayMs = 10, MaxDelayMs = 20, DelayFactor = 3, MaxSaturation = 0.5, BudgetShare = 0.1 } }).Hedging;
        Assert.AreEqual(new(false, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20), 3, 0.5, 0.1), hedging);
        var placement = Compile(new() { Kind = PolicyKind.Placement, Placement = new() { Regions = ["eu"] } }).Placement!;
        CollectionAssert.AreEqual(new[] { "eu" }, placement.Regions.ToArray());
        Assert.IsTrue(Compile(new() { Kind = PolicyKind.Security, Security = new() { RequireTenant = true } }).Access!.RequireTenant);
    }

    private static PolicyRule Compile(PolicySpec spec) => PolicyCompiler.Compile(Policy(spec), 2, _ => new(), new());

    private static Policy Policy(PolicySpec spec) => new() { Name = "p", Version = 3, Spec = spec };
}
