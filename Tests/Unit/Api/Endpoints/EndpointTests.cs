using System.Text.Json;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class EndpointTests
{
    private const string Spec = """{"models":[{"model":"a","weight":90},{"model":"b","weight":10}]}""";
    private const string Path = "/api/v1/endpoints/";

    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new();

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    public async Task Post_NewThenAgain_IsCreatedThenConflict()
    {
        const string body = """{"name":"post-1","models":[{"model":"m"}],"aliases":["post-alias"],"routing":{"strategy":"mesh"}}""";
        var made = (await s_api.PostAsync("/api/v1/endpoints", body)).AssertStatus(201);
        Assert.AreEqual(("/api/v1/endpoints/post-1", "\"1\""), (made.Headers.Location?.ToString(), made.Etag));
        var spec = made.Json.GetProperty("spec");
        Assert.AreEqual((1, true, "mesh"), (spec.GetProperty("models")[0].GetProperty("weight").GetInt32(), spec.GetProperty("enabled").GetBoolean(), spec.GetProperty("routing").GetProperty("strategy").GetString()));
        (await s_api.PostAsync("/api/v1/endpoints", body)).AssertProblem(409);
        Assert.Contains("post-1", (await s_api.GetAsync("/api/v1/endpoints")).Json.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("name").GetString()));
    }

    [TestMethod]
    public async Task Put_Preconditions_DecideWhoWins()
    {
        (await s_api.PutAsync(Path + "put-1", Spec)).AssertProblem(428);
        (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "*"))).AssertProblem(412);
        Assert.AreEqual("\"1\"", (await s_api.PutAsync(Path + "put-1", Spec, ("If-None-Match", "*"))).AssertStatus(201).Etag);
        (await s_api.PutAsync(Path + "put-1", Spec, ("If-None-Match", "*"))).AssertProblem(412);
        Assert.AreEqual("\"2\"", (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "\"1\""))).AssertStatus(200).Etag);
        Assert.AreEqual(2, (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "\"1\""))).AssertProblem(412).Json.GetProperty("currentVersion").GetInt64());
    }

    [TestMethod]
    public async Task Put_AliasOfAnother_IsConflictThatNamesTheField()
    {
        await s_api.PutAsync(Path + "own-1", """{"models":[{"model":"m"}],"aliases":["mine"]}""", ("If-None-Match", "*"));
        var answer = (await s_api.PutAsync(Path + "own-2", """{"models":[{"model":"m"}],"aliases":["free","mine"]}""", ("If-None-Match", "*"))).AssertProblem(409);
        CollectionAssert.AreEqual(new[] { "aliases[1]" }, answer.ErrorFields);
        (await s_api.GetAsync(Path + "own-2")).AssertProblem(404);
    }

    [TestMethod]
    [DataRow("{}", "models")]
    [DataRow("""{"models":[null,{"model":"","weight":2}]}""", "models[0].model", "models[1].model")]
    [DataRow("""{"models":[{"model":"m","weight":0}],"aliases":["x","x"],"hedging":{"budgetShare":3}}""", "aliases[1]", "hedging.budgetShare", "models[0].weight")]
    [DataRow("""{"models":[{"model":"m"}],"auth":{"keys":["sk-plain"]}}""", "auth.keys[0]")]
    [DataRow("""{"models":[{"model":"m"}],"auth":{"keys":["aaaaaaaaaaaa"]}}""", "auth.keys[0]")]
    [DataRow("""{"models":[{"model":"m"}],"strategy":"mesh"}""", "strategy")]
    [DataRow("""{"models":[{"model":"m","weigth":1}]}""", "models[0].weigth")]
    [DataRow("""{"models":[{"model":"m"}],"routing":{}}""", "routing.strategy")]
    [DataRow("""{"models":"m"}""", "models")]
    public async Task Put_BadBody_NamesTheFields(string body, params string[] fields) =>
        CollectionAssert.AreEqual(fields, (await s_api.PutAsync(Path + "bad-1", body, ("If-None-Match", "*"))).AssertProblem(400).ErrorFields);

    [TestMethod]
    public async Task Get_Keys_AreNeverShownInFull_AndWhatIsShownCanBeWrittenBack()
    {
        var (one, two) = (new string('1', 64), new string('2', 64));
        var put = await s_api.PutAsync(Path + "keys-1", $$$"""{"models":[{"model":"m"}],"auth":{"keys":["{{{one}}}","{{{two}}}"]}}""", ("If-None-Match", "*"));
        var read = (await s_api.GetAsync(Path + "keys-1")).AssertStatus(200);
        foreach (var answer in new[] { put, read, await s_api.GetAsync("/api/v1/endpoints"), await s_api.GetAsync(Path + "keys-1/history") })
        {
            Assert.IsFalse(answer.Text.Contains(one[..13], StringComparison.Ordinal), answer.Text);
            Assert.IsTrue(answer.Text.Contains(one[..12], StringComparison.Ordinal), answer.Text);
        }

        var spec = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(read.Json.GetProperty("spec").GetRawText())!;
        spec["description"] = JsonSerializer.SerializeToElement("changed");
        (await s_api.PutAsync(Path + "keys-1", JsonSerializer.Serialize(spec), ("If-Match", read.Etag!))).AssertStatus(200);

        CollectionAssert.AreEqual(new[] { one, two }, s_api.Mesh.Endpoints.Current.Single(e => e.Name == "keys-1").Spec.Auth!.Keys.ToArray());
    }

    [TestMethod]
    public async Task Get_EtagRoundTrip_IsNotModified()
    {
        (await s_api.GetAsync(Path + "get-1")).AssertProblem(404);
        (await s_api.GetAsync(Path + "a%20b")).AssertProblem(404);
        await s_api.PutAsync(Path + "get-1", Spec, ("If-None-Match", "*"));
        var etag = (await s_api.GetAsync(Path + "get-1")).AssertStatus(200).Etag!;
        (await s_api.GetAsync(Path + "get-1", ("If-None-Match", etag))).AssertStatus(304);
    }

    [TestMethod]
    public async Task Write_Returned_IsWhatRequestsMeet()
    {
        for (var i = 0; i < 20; i++)
        {
            await s_api.PutAsync(Path + "own-writes", $$$"""{"models":[{"model":"m"}],"auth":{"keys":["{{{new string('1', 64)}}}"]}}""", ("If-None-Match", "*"));
            (await s_api.PostAsync("/v1/chat/completions", """{"model":"own-writes"}""")).AssertStatus(401);
            await s_api.DeleteAsync(Path + "own-writes", ("If-Match", "*"));
            (await s_api.PostAsync(Path + "own-writes:invoke", "{}")).AssertStatus(404);
        }
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
        (await s_api.PostAsync(Path + "del-1:rollback", """{"version":0}""", ("If-None-Match", "*"))).AssertProblem(400);
        (await s_api.PostAsync(Path + "del-1:rollback", """{"version":9}""", ("If-None-Match", "*"))).AssertProblem(404);
        Assert.AreEqual("\"3\"", (await s_api.PostAsync(Path + "del-1:rollback", """{"version":1}""", ("If-None-Match", "*"))).AssertStatus(200).Etag);
        (await s_api.GetAsync(Path + "never/history")).AssertProblem(404);
    }
}
