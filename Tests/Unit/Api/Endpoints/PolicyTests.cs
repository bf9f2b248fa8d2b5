namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class PolicyTests
{
    private const string Spec = """{"kind":"routing","routing":{"strategy":"mesh"}}""";
    private const string Path = "/api/v1/policies/";

    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new();

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    public async Task Post_NewThenAgain_IsCreatedThenConflict()
    {
        const string body = """{"name":"post-1","kind":"quota","quota":{"maxConcurrentRequests":5},"tenants":["acme"]}""";
        var made = (await s_api.PostAsync("/api/v1/policies", body)).AssertStatus(201);
        Assert.AreEqual("/api/v1/policies/post-1", made.Headers.Location?.ToString());
        Assert.AreEqual("\"1\"", made.Etag);
        Assert.AreEqual(5, made.Json.GetProperty("spec").GetProperty("quota").GetProperty("maxConcurrentRequests").GetInt32());
        (await s_api.PostAsync("/api/v1/policies", body)).AssertProblem(409);
        Assert.AreEqual("post-1", (await s_api.GetAsync("/api/v1/policies?kind=quota")).Json.GetProperty("items")[0].GetProperty("name").GetString());
        Assert.AreEqual(0, (await s_api.GetAsync("/api/v1/policies?kind=slo")).Json.GetProperty("items").GetArrayLength());
        (await s_api.GetAsync("/api/v1/policies?kind=nice")).AssertProblem(400);
    }

    [TestMethod]
    public async Task Put_Preconditions_DecideWhoWins()
    {
        (await s_api.PutAsync(Path + "put-1", Spec)).AssertProblem(428);
        (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "*"))).AssertProblem(412);
        (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "\"1\""))).AssertProblem(412);
        Assert.AreEqual("\"1\"", (await s_api.PutAsync(Path + "put-1", Spec, ("If-None-Match", "*"))).AssertStatus(201).Etag);
        (await s_api.PutAsync(Path + "put-1", Spec, ("If-None-Match", "*"))).AssertProblem(412);
        Assert.AreEqual("\"2\"", (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "\"1\""))).AssertStatus(200).Etag);
        Assert.AreEqual(2, (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "\"1\""))).AssertProblem(412).Json.GetProperty("currentVersion").GetInt64());
        Assert.AreEqual("\"3\"", (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "*"))).AssertStatus(200).Etag);
    }

    [TestMethod]
    [DataRow("W/\"1\"")]
    [DataRow("1")]
    [DataRow("\"one\"")]
    [DataRow("\"\"")]
    [DataRow("\"-1\"")]
    [DataRow("\"1\", \"2\"")]
    public async Task Put_WeakOrMalformedTag_IsBadRequest(string tag)
    {
        (await s_api.PutAsync(Path + "tags", Spec, ("If-Match", tag))).AssertProblem(400);
        (await s_api.PutAsync(Path + "tags", Spec, ("If-None-Match", tag))).AssertProblem(400);
        (await s_api.DeleteAsync(Path + "tags", ("If-Match", tag))).AssertProblem(400);
    }

    [TestMethod]
    public async Task Put_BothPreconditions_IsBadRequest() =>
        (await s_api.PutAsync(Path + "both", Spec, ("If-Match", "*"), ("If-None-Match", "*"))).AssertProblem(400);

    [TestMethod]
    public async Task Put_ContentRefusedByTheGrain_NamesAllFields()
    {
        const string body = """{"kind":"routing","priority":5000,"routing":{"strategy":"mesh"}}""";
        var answer = (await s_api.PutAsync(Path + "bad-1", body, ("If-None-Match", "*"))).AssertProblem(400);
        CollectionAssert.AreEqual(new[] { "priority", "routing.strategy" }, answer.ErrorFields);
    }

    [TestMethod]
    [DataRow("""{"routing":{"strategy":"mesh"}}""", "kind")]
    [DataRow("""{"kind":"routing","routing":{}}""", "routing.strategy")]
    [DataRow("""{"kind":"quota","quota":{}}""", "quota.maxConcurrentRequests")]
    [DataRow("""{"kind":"routing","models":[null],"routing":{"strategy":"mesh"}}""", "models[0]")]
    [DataRow("""{"kind":"fine"}""", "kind")]
    [DataRow("""{"kind":1}""", "kind")]
    [DataRow("""{"kind":"routing","routing":{"strategy":"mesh","parameters":{"a":1e999}}}""", "routing.parameters.a")]
    [DataRow("""{"kind":"routing","routing":{"strategi":"mesh"}}""", "routing.strategi")]
    [DataRow("""{"kind":"routing","kind":"slo"}""", "kind")]
    public async Task Put_BadBody_NamesTheField(string body, string field) =>
        CollectionAssert.AreEqual(new[] { field }, (await s_api.PutAsync(Path + "bad-2", body, ("If-None-Match", "*"))).AssertProblem(400).ErrorFields);

    [TestMethod]
    public async Task Get_EtagRoundTrip_IsNotModified()
    {
        (await s_api.GetAsync(Path + "get-1")).AssertProblem(404);
        (await s_api.GetAsync(Path + "a%20b")).AssertProblem(404);
        await s_api.PutAsync(Path + "get-1", Spec, ("If-None-Match", "*"));
        var etag = (await s_api.GetAsync(Path + "get-1")).AssertStatus(200).Etag!;
        (await s_api.GetAsync(Path + "get-1", ("If-None-Match", etag))).AssertStatus(304);
        (await s_api.GetAsync(Path + "get-1", ("If-None-Match", "W/" + etag))).AssertStatus(304);
        (await s_api.GetAsync(Path + "get-1", ("If-None-Match", "\"9\""))).AssertStatus(200);
    }

    [TestMethod]
    public async Task Spec_ReadThenWritten_IsAccepted()
    {
        await s_api.PutAsync(Path + "round", """{"kind":"hedging","hedging":{"maxDelayMs":900}}""", ("If-None-Match", "*"));
        var read = await s_api.GetAsync(Path + "round");
        (await s_api.PutAsync(Path + "round", read.Json.GetProperty("spec").GetRawText(), ("If-Match", read.Etag!))).AssertStatus(200);
    }

    [TestMethod]
    public async Task Delete_ThenRollback_BringsItBack()
    {
        await s_api.PutAsync(Path + "del-1", Spec, ("If-None-Match", "*"));
        (await s_api.DeleteAsync(Path + "del-1")).AssertProblem(428);
        (await s_api.DeleteAsync(Path + "del-1", ("If-Match", "\"7\""))).AssertProblem(412);
        (await s_api.DeleteAsync(Path + "del-1", ("If-Match", "\"1\""))).AssertStatus(204);
        (await s_api.DeleteAsync(Path + "del-1", ("If-Match", "\"1\""))).AssertProblem(404);
        Assert.IsTrue((await s_api.GetAsync(Path + "del-1/history")).AssertStatus(200).Json.GetProperty("items")[0].GetProperty("deleted").GetBoolean());
        Assert.AreEqual("\"3\"", (await s_api.PostAsync(Path + "del-1:rollback", """{"version":1}""", ("If-None-Match", "*"))).AssertStatus(200).Etag);
        (await s_api.GetAsync(Path + "never/history")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Rollback_BadInput_HasItsOwnStatus()
    {
        await s_api.PutAsync(Path + "roll-1", Spec, ("If-None-Match", "*"));
        (await s_api.PostAsync(Path + "roll-1:rollback", """{"version":1}""")).AssertProblem(428);
        (await s_api.PostAsync(Path + "roll-1:rollback", """{"version":0}""", ("If-Match", "*"))).AssertProblem(400);
        (await s_api.PostAsync(Path + "roll-1:rollback", "{}", ("If-Match", "*"))).AssertProblem(400);
        (await s_api.PostAsync(Path + "roll-1:rollback", """{"version":9}""", ("If-Match", "*"))).AssertProblem(404);
        (await s_api.PostAsync(Path + "roll-1:rollback", """{"version":1}""", ("If-Match", "\"5\""))).AssertProblem(412);
        (await s_api.PostAsync(Path + "roll-1:rollback", """{"version":1}""", ("If-Match", "\"1\""))).AssertStatus(200);
    }
}
