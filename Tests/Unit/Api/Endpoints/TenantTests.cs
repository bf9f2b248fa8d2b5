using InferMesh.Grains.Abstractions;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class TenantTests
{
    private const string Spec = """{"limits":{"tokensPerDay":1000,"trainingGpus":64},"trainingWeight":2.5,"projects":{"search":{"requestsPerSecond":2.5}},"price":{"promptPer1000":0.5,"outputPer1000":1}}""";
    private const string Path = "/api/v1/tenants/";

    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new();

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    public async Task Put_Preconditions_DecideWhoWins()
    {
        (await s_api.PutAsync(Path + "put-1", Spec)).AssertProblem(428);
        (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "*"))).AssertProblem(412);
        var made = (await s_api.PutAsync(Path + "put-1", Spec, ("If-None-Match", "*"))).AssertStatus(201);
        Assert.AreEqual(("\"1\"", "/api/v1/tenants/put-1"), (made.Etag, made.Headers.Location?.ToString()));
        (await s_api.PutAsync(Path + "put-1", Spec, ("If-None-Match", "*"))).AssertProblem(412);
        Assert.AreEqual("\"2\"", (await s_api.PutAsync(Path + "put-1", "{}", ("If-Match", "\"1\""))).AssertStatus(200).Etag);
        Assert.AreEqual(2, (await s_api.PutAsync(Path + "put-1", Spec, ("If-Match", "\"1\""))).AssertProblem(412).Json.GetProperty("currentVersion").GetInt64());
        (await s_api.DeleteAsync(Path + "put-1")).AssertProblem(428);
        (await s_api.DeleteAsync(Path + "put-1", ("If-Match", "\"1\""))).AssertProblem(412);
        (await s_api.DeleteAsync(Path + "put-1", ("If-Match", "\"2\""))).AssertStatus(204);
        (await s_api.DeleteAsync(Path + "put-1", ("If-Match", "*"))).AssertProblem(404);
    }

    [TestMethod]
    public async Task Get_AfterPut_GivesTheSpecBack()
    {
        (await s_api.GetAsync(Path + "get-1")).AssertProblem(404);
        await s_api.PutAsync(Path + "get-1", Spec, ("If-None-Match", "*"));
        var read = (await s_api.GetAsync(Path + "get-1")).AssertStatus(200);
        Assert.AreEqual(2.5, read.Json.GetProperty("spec").GetProperty("projects").GetProperty("search").GetProperty("requestsPerSecond").GetDouble());
        Assert.AreEqual(64, read.Json.GetProperty("spec").GetProperty("limits").GetProperty("trainingGpus").GetInt32());
        Assert.AreEqual(2.5, read.Json.GetProperty("spec").GetProperty("trainingWeight").GetDouble());
        (await s_api.GetAsync(Path + "get-1", ("If-None-Match", read.Etag!))).AssertStatus(304);
        (await s_api.PutAsync(Path + "get-1", read.Json.GetProperty("spec").GetRawText(), ("If-Match", read.Etag!))).AssertStatus(200);
        CollectionAssert.Contains((await s_api.GetAsync("/api/v1/tenants")).Json.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("name").GetString()).ToArray(), "get-1");
    }

    [TestMethod]
    public async Task Usage_OfATenant_ShowsItsProjects()
    {
        (await s_api.GetAsync(Path + "use-1/usage")).AssertProblem(404);
        await s_api.PutAsync(Path + "use-1", Spec, ("If-None-Match", "*"));
        var usage = (await s_api.GetAsync(Path + "use-1/usage")).AssertStatus(200).Json;
        var total = usage.GetProperty("total");
        Assert.AreEqual((2, 70, 30), (total.GetProperty("inFlight").GetInt32(), total.GetProperty("tokensToday").GetInt32(), total.GetProperty("leased").GetProperty("tokensPerDay").GetInt32()));
        Assert.AreEqual(7, usage.GetProperty("projects").GetProperty("search").GetProperty("tokensThisMinute").GetInt32());
    }

    [TestMethod]
    public async Task Put_ContentRefusedByTheGrain_NamesAllFields()
    {
        s_api.Mesh.Tenants.Tenant("bad-1").Errors = [new FieldError("limits.burst", "bad"), new FieldError("price", "bad")];
        CollectionAssert.AreEqual(new[] { "limits.burst", "price" }, (await s_api.PutAsync(Path + "bad-1", Spec, ("If-None-Match", "*"))).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    [DataRow("""{"limit":{}}""", "limit")]
    [DataRow("""{"limits":{"tokensPerDay":1.5}}""", "limits.tokensPerDay")]
    [DataRow("""{"limits":{"tokensPerHour":1}}""", "limits.tokensPerHour")]
    [DataRow("""{"projects":{"p":null}}""", "projects.p")]
    [DataRow("""{"price":{"promptPer1000":1e999}}""", "price.promptPer1000")]
    public async Task Put_BadBody_NamesTheField(string body, string field) =>
        CollectionAssert.AreEqual(new[] { field }, (await s_api.PutAsync(Path + "bad-2", body, ("If-None-Match", "*"))).AssertProblem(400).ErrorFields);
}
