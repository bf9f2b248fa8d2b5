using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Tenancy;

namespace InferMesh.Tests.Unit.Grains.Tenancy;

[TestClass]
public sealed class TenantPlanTests
{
    private static readonly TenantPlan Plan = new(1, new()
    {
        Limits = new() { RequestsPerSecond = 2.5, TokensPerDay = 10 },
        Projects = new Dictionary<string, TenantLimits> { ["p"] = new() { RequestsPerSecond = 0.2, MoneyPerDay = 1.5 } },
        Price = new() { PromptPer1000 = 1, OutputPer1000 = 3 },
        ModelPrices = new Dictionary<string, TokenPrice>
        {
            ["llama-*"] = new() { PromptPer1000 = 0.1 },
            ["llama-3*"] = new() { PromptPer1000 = 0.2 },
            ["llama-3"] = new() { PromptPer1000 = 0.3 },
        },
    });

    [TestMethod]
    [DataRow("other", 1_000_000)]
    [DataRow("llama-2", 100_000)]
    [DataRow("llama-3.1", 200_000)]
    [DataRow("llama-3", 300_000, DisplayName = "a name in full is the longest match")]
    public void Money_LongestMatch_SetsThePrice(string model, long millionths) => Assert.AreEqual(millionths, Plan.Money(model, 1000, 0));

    [TestMethod]
    public void Money_Fraction_IsRoundedUp() => Assert.AreEqual(1, new TenantPlan(1, new() { Price = new() { OutputPer1000 = 1e-6 } }).Money("m", 0, 1));

    [TestMethod]
    public void MetersOf_ScopesWithLimits_AreCounted()
    {
        Assert.HasCount(5, Plan.MetersOf("", "").ToArray());
        Assert.HasCount(5, Plan.MetersOf("other", "other").ToArray());
        Assert.HasCount(10, Plan.MetersOf("p", "").ToArray());
    }

    [TestMethod]
    public void LimitOf_Rate_HasABurstOfASecondAndAtLeastOne()
    {
        Assert.AreEqual(new MeterLimit(2, 2.5), Plan.LimitOf(new(TenantScope.Tenant, "", LimitKind.RequestsPerSecond)));
        Assert.AreEqual(new MeterLimit(1, 0.2), Plan.LimitOf(new(TenantScope.Project, "p", LimitKind.RequestsPerSecond)));
        Assert.AreEqual(new MeterLimit(1_500_000, 0), Plan.LimitOf(new(TenantScope.Project, "p", LimitKind.MoneyPerDay)));
        Assert.AreEqual(default(MeterLimit), Plan.LimitOf(new(TenantScope.Tenant, "", LimitKind.TokensPerMinute)));
        Assert.IsNull(Plan.LimitOf(new(TenantScope.Key, "k", LimitKind.TokensPerMinute)));
    }
}
