using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Strategies.Routing;

/// <summary>Figures by which decisions are judged.</summary>
[TestClass]
public sealed class DecisionQualityTests
{
    [TestMethod]
    public void HerdIndex_KnownSpreads_IsZeroOneAndTheNumberOfTargets()
    {
        Assert.AreEqual(0, HerdIndex.Of([1, 1, 1, 1]));
        Assert.AreEqual(4, HerdIndex.Of([12, 0, 0, 0]), 1e-12);
        Assert.AreEqual(2, HerdIndex.Of([50_000, 50_000, 0, 0]), 1e-4);
        Assert.AreEqual(1, HerdIndex.Of([100_000, 100_000, 100_000, 100_000]), 1e-4);
        Assert.IsTrue(double.IsNaN(HerdIndex.Of([1, 0])) && double.IsNaN(HerdIndex.Of([])), "one request is no herd");
    }

    [TestMethod]
    public void HerdIndex_RequestsThatFallLikeDice_IsOneOnAverage()
    {
        var random = new Random(7);
        var mean = Enumerable.Range(0, 2000).Average(_ =>
        {
            var counts = new long[8];
            for (var i = 0; i < 20; i++) counts[random.Next(counts.Length)]++;
            return HerdIndex.Of(counts);
        });
        Assert.AreEqual(1, mean, 0.03);
    }

    [TestMethod]
    public void ShadowRegret_OfTheBusierTarget_IsWhatItsQueueCosts()
    {
        var targets = Tables.Table([Tables.Row("busy") with { Running = 64, Waiting = 40 }, Tables.Row("idle")]).Models[Tables.Model];
        var (busy, idle) = (targets.Identity.Single(i => i.NodeId == "busy"), targets.Identity.Single(i => i.NodeId == "idle"));
        var regret = ShadowRegret.Seconds(targets, Tables.Request(), busy, idle, Tables.NowTicks);
        Assert.IsGreaterThan(0.5, regret!.Value);
        Assert.AreEqual(-regret.Value, ShadowRegret.Seconds(targets, Tables.Request(), idle, busy, Tables.NowTicks)!.Value, 1e-12);
        Assert.AreEqual(0d, ShadowRegret.Seconds(targets, Tables.Request(), idle, idle, Tables.NowTicks));
        Assert.IsNull(ShadowRegret.Seconds(targets, Tables.Request(), idle, Tables.Identity("gone"), Tables.NowTicks));
    }
}
