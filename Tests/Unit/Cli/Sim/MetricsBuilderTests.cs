using System.Text.Json;
using InferMesh.Cli.Sim.Output;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class MetricsBuilderTests
{
    [TestMethod]
    public void Build_StrategiesAndSeeds_KeepsTheOrderAndMeansTheRuns()
    {
        var all = MetricsBuilder.Build([MadeResults.Make("mesh", 1, 2), MadeResults.Make("baseline_rr", 1, 5), MadeResults.Make("mesh", 2, 4)], 60);
        CollectionAssert.AreEqual(new[] { "mesh", "baseline_rr" }, all.Select(static m => m.Strategy).ToArray());
        CollectionAssert.AreEqual(new ulong[] { 1, 2 }, all[0].Seeds.ToArray());
        Assert.AreEqual(3000, all[0].Mean(Figures.E2eP99), 1e-9);
        Assert.AreEqual(3000, all[0].LatencyByType["all"].P99Ms, 1e-9);
        Assert.AreEqual(6400, all[0].LatencyByType["llm"].MaxMs, 1e-9);
        Assert.AreEqual(2000, all[0].LatencyByType["llm"].Count);
        // Two values 2 s apart: half the width of the interval is 12.7062 x s / sqrt 2 with s = 1.414.
        Assert.AreEqual(3000 - 12_706.2, all[0].Figures[Figures.E2eP99].Low!.Value, 0.2);
        Assert.IsNull(all[1].Figures[Figures.E2eP99].Low);
    }

    [TestMethod]
    public void Build_OneRunStopped_IsIncomplete()
    {
        var all = MetricsBuilder.Build([MadeResults.Make("mesh", 1), MadeResults.Make("mesh", 2, complete: false)], 60);
        Assert.IsFalse(all[0].Complete);
        Assert.AreEqual(20, all[0].SimulatedSeconds);
    }

    [TestMethod]
    public void Build_Counters_AddUp()
    {
        var counters = MetricsBuilder.Build([MadeResults.Make("mesh", 1), MadeResults.Make("mesh", 2)], 60)[0].RequestCounters;
        Assert.AreEqual(counters.Arrived, counters.Completed + counters.Unfinished + counters.Aborted);
        Assert.AreEqual(counters.Aborted, counters.Rejected + counters.Dropped);
    }

    [TestMethod]
    public void Json_WrittenAndRead_IsTheSame()
    {
        var metrics = MetricsBuilder.Build([MadeResults.Make("mesh", 1), MadeResults.Make("mesh", 2, 3)], 60)[0];
        var text = JsonSerializer.Serialize(metrics, MetricsJson.Default.MetricsDocument);
        Assert.AreEqual(text, JsonSerializer.Serialize(JsonSerializer.Deserialize(text, MetricsJson.Default.MetricsDocument), MetricsJson.Default.MetricsDocument));
        Assert.Contains("\"synthetic\": true", text);
        foreach (var key in new[] { "latency_by_type", "queue_wait_by_type", "ttft_by_type", "request_counters", "throughput", "average_utilization", "average_vram_utilization", "hedge_metrics", "cost_metrics" })
            Assert.Contains($"\n  \"{key}\":", text, $"{key} is a key of the old simulator's files");
    }

    [TestMethod]
    public void Schema_Committed_IsWhatTheTypesWrite()
    {
        const string path = "docs/contracts/sim-metrics.schema.json";
        var written = MetricsSchema.Write();
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_CONTRACTS") == "1") File.WriteAllText(Path.Combine(Repository.Root, path), written);
        Assert.AreEqual(Repository.Read(path), written, $"{path} differs: look at the change, then write it anew with INFERMESH_UPDATE_CONTRACTS=1");
        Assert.Contains("Arrival to first token", written);
    }
}
