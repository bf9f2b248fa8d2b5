using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class StatsTests
{
    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context)
    {
        s_api = new();
        s_api.Mesh.Cells["c1"] = Cells.Of("c1", Cells.Node("n1", "c1"), Cells.Node("n2", "c1"));
        s_api.Mesh.Cells["c2"] = Cells.Of("c2", "other", Cells.Node("n3", "c2"), Cells.Node("n2", "c2"));
        // n2 moved from c2 to c1.
        s_api.Mesh.Cells["c1"].Nodes.Version[1] = 2;
        s_api.Mesh.Cells["c1"].Nodes.Health[1] = NodeHealth.Draining;
        s_api.Mesh.Cells["c1"].Targets.Waiting[1] = 20;
        s_api.Mesh.Cells["c1"].Targets.TtftP95Seconds[0] = 0.5;
        s_api.Mesh.Cells["c2"].Targets.Healthy[0] = false;
    }

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    public async Task Stats_OfTheMesh_CountEachNodeOnce()
    {
        var stats = (await s_api.GetAsync("/api/v1/stats")).AssertStatus(200).Json;
        var (nodes, all) = (stats.GetProperty("nodes"), stats.GetProperty("all"));
        Assert.AreEqual((3, 2, 1), (nodes.GetProperty("total").GetInt32(), nodes.GetProperty("ready").GetInt32(), nodes.GetProperty("draining").GetInt32()));
        Assert.AreEqual((2, 2, 24), (stats.GetProperty("cells").GetInt32(), stats.GetProperty("models").GetInt32(), all.GetProperty("gpus").GetInt32()));
        Assert.AreEqual((12.0, 24.0, 16.0, 2.25, 0.5), (all.GetProperty("running").GetDouble(), all.GetProperty("waiting").GetDouble(), all.GetProperty("maxConcurrency").GetDouble(), all.GetProperty("load").GetDouble(), all.GetProperty("ttftP95Seconds").GetDouble()));
        Assert.AreEqual((3, 2), (all.GetProperty("targets").GetInt32(), all.GetProperty("readyTargets").GetInt32()));
        Assert.IsTrue(all.GetProperty("synthetic").GetBoolean());
        Assert.AreEqual((0, 0), (stats.GetProperty("items").GetArrayLength(), stats.GetProperty("total").GetInt32()), "parts come when they are asked for");
        Assert.IsFalse(all.TryGetProperty("maxTemperatureCelsius", out _), "what is unknown is absent");
    }

    [TestMethod]
    [DataRow("of=nodes", "n2,n1,n3")]
    [DataRow("of=nodes&sort=name", "n1,n2,n3")]
    [DataRow("of=nodes&sort=ttft&limit=1", "n1")]
    [DataRow("of=nodes&sort=waiting&limit=2", "n2,n1")]
    [DataRow("of=cells&sort=waiting", "c1,c2")]
    [DataRow("of=models&sort=running", "org/llama,other")]
    public async Task Parts_InAnOrder_BeginWithTheLargest(string query, string names)
    {
        var stats = (await s_api.GetAsync("/api/v1/stats?" + query)).AssertStatus(200).Json;
        Assert.AreEqual(names, string.Join(',', stats.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString())));
        Assert.AreEqual(query.StartsWith("of=nodes", StringComparison.Ordinal) ? 3 : 2, stats.GetProperty("total").GetInt32());
    }

    [TestMethod]
    public async Task Parameters_Wrong_AreNamedAllAtOnce() =>
        CollectionAssert.AreEqual(new[] { "limit", "of", "sort", "what" }, (await s_api.GetAsync("/api/v1/stats?of=racks&sort=colour&limit=0&what=1")).AssertProblem(400).ErrorFields);
}
