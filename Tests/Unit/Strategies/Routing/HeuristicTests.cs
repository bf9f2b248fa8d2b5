using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Strategies.Routing;

[TestClass]
public sealed class HeuristicTests
{
    [TestMethod]
    public void Rank_DefaultWeights_SumTheThreeShares()
    {
        var row = Row("a") with { Running = 64, Waiting = 16, KvCacheUsage = 0.5 };
        Assert.AreEqual(0.4 * 0.25 + 0.3 * 0.5 + 0.3 * 1, Decide(Table([row]), "heuristic").Choices[0].Score, 1e-12);
    }

    [TestMethod]
    [DataRow("queue_weight", "queue")]
    [DataRow("kv_weight", "kv")]
    [DataRow("batch_weight", "batch")]
    public void Rank_OneWeightAlone_AvoidsWhatItWeighs(string weight, string worst)
    {
        var parameters = new Dictionary<string, double> { ["queue_weight"] = 0, ["kv_weight"] = 0, ["batch_weight"] = 0, [weight] = 1 };
        TargetRow[] rows = [Row("queue") with { Running = 8, Waiting = 8, MaxConcurrency = 8 }, Row("kv") with { KvCacheUsage = 0.9 }, Row("batch") with { Running = 60, MaxConcurrency = 61 }];
        if (weight == "batch_weight") rows[0] = rows[0] with { Running = 0, Waiting = 0 };
        var d = DecisionKernel.Decide(Table(rows), Request(), NowTicks, 0, 0, strategy: StrategyCatalog.Create("heuristic", parameters));
        Assert.AreEqual(worst, d.Choices[^1].Identity.NodeId);
    }

    [TestMethod]
    public void Rank_KvCacheUnknownOrNonsense_CountsAsHalfOrFull()
    {
        Assert.AreEqual(0.15, Decide(Table([Row("a") with { KvCacheUsage = double.NaN }]), "heuristic").Choices[0].Score, 1e-12);
        Assert.AreEqual(0.3, Decide(Table([Row("a") with { KvCacheUsage = 93 }]), "heuristic").Choices[0].Score, 1e-12);
    }
}
