using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Policies;

namespace InferMesh.Tests.Unit.Grains.Policies;

[TestClass]
public sealed class PolicyValidatorTests
{
    public static IEnumerable<object[]> Good =>
    [
        [new PolicySpec { Kind = PolicyKind.Placement, Placement = new() { Nodes = ["n1"], Labels = new Dictionary<string, string> { ["pool"] = "a" } } }],
        [new PolicySpec { Kind = PolicyKind.Routing, Routing = new() { Strategy = "mesh", Parameters = new Dictionary<string, double> { ["network_weight"] = 2 } }, Models = ["llama-*"], Tenants = ["*"] }],
        [new PolicySpec { Kind = PolicyKind.Hedging, Hedging = new() }],
        [new PolicySpec { Kind = PolicyKind.Slo, Slo = new() { TtftMs = 500 } }],
        [new PolicySpec { Kind = PolicyKind.Slo, Slo = new() { MaxQueuePerTarget = 0 } }],
        [new PolicySpec { Kind = PolicyKind.Quota, Quota = new() { MaxConcurrentRequests = 1 } }],
        [new PolicySpec { Kind = PolicyKind.Security, Security = new() { RequireTenant = true } }],
    ];

    public static IEnumerable<object[]> Bad =>
    [
        ["kind", new PolicySpec { Kind = (PolicyKind)99, Quota = new() { MaxConcurrentRequests = 1 } }],
        ["priority", Quota(5) with { Priority = 1001 }],
        ["description", Quota(5) with { Description = new('x', 1001) }],
        ["models[1]", Quota(5) with { Models = ["a", ""] }],
        ["models[0]", Quota(5) with { Models = ["a*b"] }],
        ["tenants[0]", Quota(5) with { Tenants = ["*x"] }],
        ["tenants[0]", Quota(5) with { Tenants = [null!] }],
        ["sloClasses", Quota(5) with { SloClasses = [.. Enumerable.Repeat("x", 1001)] }],
        ["quota", new PolicySpec { Kind = PolicyKind.Quota }],
        ["routing", Quota(5) with { Routing = new() { Strategy = "mesh" } }],
        ["quota.maxConcurrentRequests", Quota(0)],
        ["placement", new PolicySpec { Kind = PolicyKind.Placement, Placement = new() }],
        ["placement.nodes[0]", new PolicySpec { Kind = PolicyKind.Placement, Placement = new() { Nodes = ["../x"] } }],
        ["placement.labels", new PolicySpec { Kind = PolicyKind.Placement, Placement = new() { Labels = new Dictionary<string, string> { [""] = "a" } } }],
        ["routing.strategy", new PolicySpec { Kind = PolicyKind.Routing, Routing = new() { Strategy = "nope" } }],
        ["routing.parameters.x", new PolicySpec { Kind = PolicyKind.Routing, Routing = new() { Strategy = "mesh", Parameters = new Dictionary<string, double> { ["x"] = 1 } } }],
        ["hedging.minDelayMs", Hedging(new() { MinDelayMs = 0 })],
        ["hedging.maxDelayMs", Hedging(new() { MinDelayMs = 100, MaxDelayMs = 99 })],
        ["hedging.delayFactor", Hedging(new() { DelayFactor = double.NaN })],
        ["hedging.maxSaturation", Hedging(new() { MaxSaturation = 1.01 })],
        ["hedging.budgetShare", Hedging(new() { BudgetShare = -0.01 })],
        ["slo", new PolicySpec { Kind = PolicyKind.Slo, Slo = new() }],
        ["slo.ttftMs", new PolicySpec { Kind = PolicyKind.Slo, Slo = new() { TtftMs = 0 } }],
        ["slo.tpotMs", new PolicySpec { Kind = PolicyKind.Slo, Slo = new() { TpotMs = double.PositiveInfinity } }],
        ["slo.maxQueuePerTarget", new PolicySpec { Kind = PolicyKind.Slo, Slo = new() { MaxQueuePerTarget = -1 } }],
        ["slo.maxKvCacheUsage", new PolicySpec { Kind = PolicyKind.Slo, Slo = new() { MaxKvCacheUsage = 2 } }],
        ["security", new PolicySpec { Kind = PolicyKind.Security, Security = new() }],
        ["security.allowedTenants[0]", new PolicySpec { Kind = PolicyKind.Security, Security = new() { AllowedTenants = [""] } }],
    ];

    [TestMethod, DynamicData(nameof(Good))]
    public void Check_GoodPolicy_FindsNothing(PolicySpec spec) => Assert.IsEmpty(PolicyValidator.Check("p", spec));

    [TestMethod, DynamicData(nameof(Bad))]
    public void Check_BadField_NamesIt(string field, PolicySpec spec)
    {
        var errors = PolicyValidator.Check("p", spec);
        CollectionAssert.Contains(errors.Select(e => e.Field).ToArray(), field);
        Assert.IsFalse(errors.Any(e => string.IsNullOrWhiteSpace(e.Message)));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("-a")]
    [DataRow("a/b")]
    [DataRow("a\n")]
    public void Check_BadName_NamesIt(string name) => Assert.AreEqual("name", PolicyValidator.Check(name, Quota(5)).Single().Field);

    [TestMethod]
    public void Check_SeveralErrors_ReportsThemAllAtOnce() =>
        Assert.HasCount(4, PolicyValidator.Check("", Quota(0) with { Priority = -2000, Models = ["*a"] }));

    private static PolicySpec Quota(int limit) => new() { Kind = PolicyKind.Quota, Quota = new() { MaxConcurrentRequests = limit } };

    private static PolicySpec Hedging(HedgingSpec spec) => new() { Kind = PolicyKind.Hedging, Hedging = spec };
}
