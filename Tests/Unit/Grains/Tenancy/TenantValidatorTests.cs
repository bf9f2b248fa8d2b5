using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Tenancy;

namespace InferMesh.Tests.Unit.Grains.Tenancy;

[TestClass]
public sealed class TenantValidatorTests
{
    [TestMethod]
    public void Check_EverythingWrong_NamesEveryField()
    {
        var bad = new TenantLimits { RequestsPerSecond = double.NaN, Burst = 0, ConcurrentRequests = -1, TokensPerMinute = -1, TokensPerDay = long.MaxValue, MoneyPerDay = -1, TrainingGpus = 1_000_001 };
        var errors = TenantValidator.Check("bad name", new()
        {
            Description = new('x', 1001),
            Limits = bad,
            Projects = new Dictionary<string, TenantLimits> { [""] = new() { Burst = 2 } },
            Keys = new Dictionary<string, TenantLimits> { ["sk-secret"] = new(), ["0123456789abcdef"] = new() { TrainingGpus = 1 } },
            Price = new() { PromptPer1000 = -1 },
            TrainingWeight = 0,
            ModelPrices = new Dictionary<string, TokenPrice> { ["a*b"] = new() { OutputPer1000 = double.PositiveInfinity } },
        });
        CollectionAssert.AreEquivalent(
            new[]
            {
                "name", "description", "limits.requestsPerSecond", "limits.burst", "limits.concurrentRequests", "limits.tokensPerMinute", "limits.tokensPerDay", "limits.moneyPerDay", "limits.trainingGpus",
                "projects.", "projects..burst", "keys.sk-secret", "keys.0123456789abcdef.trainingGpus", "trainingWeight", "price.promptPer1000", "modelPrices.a*b", "modelPrices.a*b.outputPer1000",
            },
            errors.Select(e => e.Field).ToArray());
    }

    [TestMethod]
    public void Check_MoneyWithoutAPrice_IsRefused()
    {
        var spec = new TenantSpec { Keys = new Dictionary<string, TenantLimits> { ["0123456789abcdef"] = new() { MoneyPerDay = 1 } } };
        Assert.AreEqual("price", TenantValidator.Check("t", spec).Single().Field);
        Assert.IsEmpty(TenantValidator.Check("t", spec with { Price = new() { OutputPer1000 = 1 } }));
    }

    [TestMethod]
    public void Check_NoLimits_IsFine() => Assert.IsEmpty(TenantValidator.Check("t", new()));
}
