using InferMesh.Strategies;
using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Policies;

[TestClass]
public sealed class PolicySetTests
{
    [TestMethod]
    public void Resolve_NothingMatches_IsTheDefaults()
    {
        Assert.AreSame(PolicySet.Defaults, PolicySet.Empty.Resolve("m", "t", "c"));
        Assert.AreSame(PolicySet.Defaults, new PolicySet([Rule("a", match: new(["other"], [], []))]).Resolve("m", "", ""));
        Assert.AreEqual(StrategyCatalog.Default, PolicySet.Defaults.Strategy.Name);
    }

    [TestMethod]
    [DataRow("llama-3", true)]
    [DataRow("llama-", true)]
    [DataRow("llama", false)]
    [DataRow("Llama-3", false)]
    [DataRow("a-llama-3", false)]
    [DataRow("exact", true)]
    [DataRow("exact-not", false)]
    public void Covers_Patterns_MatchWholeNamesOrBeginnings(string model, bool covered) =>
        Assert.AreEqual(covered, new PolicyMatch(["llama-*", "exact"], [], []).Covers(model, "", ""));

    [TestMethod]
    public void Covers_StarAlone_MatchesAllEvenNone() => Assert.IsTrue(new PolicyMatch(["*"], ["*"], ["*"]).Covers("m", "", ""));

    [TestMethod]
    public void Covers_SeveralConditions_NeedsAllOfThem()
    {
        var match = new PolicyMatch(["m"], ["acme"], ["latency"]);
        Assert.IsTrue(match.Covers("m", "acme", "latency"));
        Assert.IsFalse(match.Covers("m", "acme", ""));
        Assert.IsFalse(match.Covers("m", "", "latency"));
        Assert.IsFalse(match.Covers("x", "acme", "latency"));
    }

    [TestMethod]
    public void Resolve_TwoSetTheSamePart_HigherPriorityWinsThenTheSmallerName()
    {
        var set = new PolicySet([
            Rule("b", 0) with { Strategy = StrategyCatalog.Create("baseline_rr") },
            Rule("a", 0) with { Strategy = StrategyCatalog.Create("least_queue"), Hedging = HedgeSettings.Default with { Enabled = false } },
            Rule("z", 5) with { Hedging = HedgeSettings.Default with { DelayFactor = 9 } },
        ]);
        var policy = set.Resolve("m", "", "");
        Assert.AreEqual("least_queue", policy.Strategy.Name);
        Assert.AreEqual(9, policy.Hedging.DelayFactor);
        CollectionAssert.AreEqual(new[] { "z@1", "a@1", "b@1" }, policy.Sources.ToArray());
    }

    [TestMethod]
    public void Resolve_ByAnEndpoint_ItsPartsWinOverAllPoliciesAndOthersStay()
    {
        var endpoint = Rule("endpoint/chat") with { Strategy = StrategyCatalog.Create("least_queue") };
        var set = new PolicySet(
            [Rule("a", 1000) with { Strategy = StrategyCatalog.Create("baseline_rr"), Hedging = HedgeSettings.Default with { DelayFactor = 9 } }],
            new Dictionary<string, PolicyRule> { ["chat"] = endpoint });
        var policy = set.Resolve("m", "", "", "chat");
        Assert.AreEqual(("least_queue", 9.0), (policy.Strategy.Name, policy.Hedging.DelayFactor));
        CollectionAssert.AreEqual(new[] { "endpoint/chat@1", "a@1" }, policy.Sources.ToArray());
        Assert.AreEqual("baseline_rr", set.Resolve("m", "", "").Strategy.Name);
        Assert.AreEqual("baseline_rr", set.Resolve("m", "", "", "other").Strategy.Name);
        Assert.AreEqual(1, set.Count, "an endpoint is no policy");
    }

    [TestMethod]
    public void Resolve_PartsThatRestrict_AllApply()
    {
        var load = new LocalLoad();
        var set = new PolicySet([
            Rule("a") with { Placement = new([], [], ["z1"], [], new Dictionary<string, string>()), Quota = new("a", 1, load), Access = new([], true) },
            Rule("b") with { Placement = new([], [], ["z2"], [], new Dictionary<string, string>()), Quota = new("b", 2, load), Access = new(["t"], false) },
        ]);
        var policy = set.Resolve("m", "t", "");
        Assert.HasCount(2, policy.Placements);
        Assert.HasCount(2, policy.Quotas);
        Assert.HasCount(2, policy.Access);
    }

    [TestMethod]
    public void Resolve_TenantOfSomeRegions_StaysInThemWhateverPoliciesAllow()
    {
        var home = PlacementRule.Anywhere with { Regions = ["eu"] };
        var set = new PolicySet([Rule("a") with { Placement = PlacementRule.Anywhere with { Regions = ["us", "eu"] } }], null, new Dictionary<string, PlacementRule> { ["acme"] = home });
        var policy = set.Resolve("m", "acme", "");
        Assert.AreSame(home, policy.Residency);
        Assert.HasCount(1, policy.Placements);
        Assert.AreSame(home, set.ForQueueing(policy, "m").Residency);
        Assert.IsNull(set.Resolve("m", "other", "").Residency);
        Assert.IsNull(set.Resolve("m", "", "").Residency);
    }

    [TestMethod]
    public void Resolve_WhereTenantsMayRunIsUnknown_IsNowhereForThemAndAnywhereForOthers()
    {
        var set = new PolicySet([], null, residency: null);
        Assert.IsFalse(set.Resolve("m", "acme", "").Residency!.Allows("n", "c", "z", "r", new Dictionary<string, string>()));
        Assert.AreSame(PolicySet.Defaults, set.Resolve("m", "", ""));
    }

    [TestMethod]
    public void WantsPrefix_OnlyWhereAPolicyForTheModelRanksByIt()
    {
        CollectionAssert.AreEqual(new[] { "prefix_mesh" }, StrategyCatalog.All.Where(s => StrategyCatalog.Create(s.Name).WantsPrefix).Select(s => s.Name).ToArray());
        var set = new PolicySet([
            Rule("a", match: new(["chat-*"], ["acme"], [])) with { Strategy = StrategyCatalog.Create("prefix_mesh") },
            Rule("b", 9) with { Strategy = StrategyCatalog.Create("mesh") },
        ]);
        Assert.IsTrue(set.WantsPrefix("chat-7b"));
        Assert.IsFalse(set.WantsPrefix("code-7b"));
        Assert.IsFalse(PolicySet.Empty.WantsPrefix("chat-7b"));
    }

    [TestMethod]
    public void Resolve_PartNotSet_KeepsItsDefault()
    {
        var policy = new PolicySet([Rule("a") with { Slo = new(TimeSpan.FromSeconds(1), null) }]).Resolve("m", "", "");
        Assert.AreSame(AdmissionLimits.Default, policy.Admission);
        Assert.AreSame(HedgeSettings.Default, policy.Hedging);
        Assert.AreEqual(TimeSpan.FromSeconds(1), policy.Slo!.TimeToFirstToken);
    }
}
