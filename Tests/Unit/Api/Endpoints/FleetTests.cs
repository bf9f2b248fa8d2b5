using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class FleetTests
{
    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context)
    {
        s_api = new();
        s_api.Mesh.Cells["c1"] = Cells.Of("c1", Cells.Node("n1", "c1"), Cells.Node("n2", "c1"));
        s_api.Mesh.Cells["c2"] = Cells.Of("c2", Cells.Node("n3", "c2"));
    }

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    public async Task Cell_Known_SumsWhatIsKnown()
    {
        var cell = (await s_api.GetAsync("/api/v1/cells/c1")).AssertStatus(200).Json;
        Assert.AreEqual(2, cell.GetProperty("nodes").GetProperty("ready").GetInt32());
        Assert.AreEqual(16, cell.GetProperty("capacity").GetProperty("gpus").GetInt32());
        Assert.AreEqual(0, cell.GetProperty("capacity").GetProperty("decodeTokensPerSecond").GetDouble());
        Assert.AreEqual(0.75, cell.GetProperty("meanLoad").GetDouble(), 1e-9);
        Assert.AreEqual(3, cell.GetProperty("version").GetInt64());
        Assert.AreEqual(2, (await s_api.GetAsync("/api/v1/cells")).Json.GetProperty("items").GetArrayLength());
    }

    [TestMethod]
    public async Task Cell_Unknown_IsNotFoundWithoutMakingOne()
    {
        (await s_api.GetAsync("/api/v1/cells/c9")).AssertProblem(404);
        (await s_api.GetAsync("/api/v1/cells/c%209")).AssertProblem(404);
    }

    [TestMethod]
    [DataRow("org/llama")]
    [DataRow("org%2Fllama")]
    public async Task Model_NameWithSlash_ShowsItsReplicas(string name)
    {
        var model = (await s_api.GetAsync("/api/v1/models/" + name)).AssertStatus(200).Json;
        Assert.AreEqual(3, model.GetProperty("readyReplicaCount").GetInt32());
        Assert.AreEqual("n1", model.GetProperty("replicas")[0].GetProperty("node").GetString());
        Assert.AreEqual(12, model.GetProperty("running").GetDouble());
        Assert.IsFalse(model.GetProperty("replicas")[0].TryGetProperty("kvCacheUsage", out _));
    }

    [TestMethod]
    public async Task Models_List_ShowsReplicasOnRequest()
    {
        Assert.AreEqual(0, (await s_api.GetAsync("/api/v1/models")).Json.GetProperty("items")[0].GetProperty("replicas").GetArrayLength());
        Assert.AreEqual(3, (await s_api.GetAsync("/api/v1/models?replicas=true")).Json.GetProperty("items")[0].GetProperty("replicas").GetArrayLength());
        (await s_api.GetAsync("/api/v1/models/nothing/here")).AssertProblem(404);
        (await s_api.GetAsync("/api/v1/models?replica=true")).AssertProblem(400);
    }
}
