namespace InferMesh.Tests.Unit.Api.Security;

[TestClass]
public sealed class GuardedRoutesTests
{
    private const string Key = "key-of-sixteen-characters";
    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new(("InferMesh:Api:AdminKeys:0", Key));

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    [DataRow("PUT", "/api/v1/nodes/n")]
    [DataRow("POST", "/api/v1/nodes")]
    [DataRow("DELETE", "/api/v1/nodes/n")]
    [DataRow("POST", "/api/v1/nodes/n:cordon")]
    [DataRow("POST", "/api/v1/nodes/n:uncordon")]
    [DataRow("POST", "/api/v1/nodes/n:quarantine")]
    [DataRow("POST", "/api/v1/nodes/n:maintain")]
    [DataRow("POST", "/api/v1/nodes/n:drain")]
    [DataRow("POST", "/api/v1/policies")]
    [DataRow("PUT", "/api/v1/policies/p")]
    [DataRow("DELETE", "/api/v1/policies/p")]
    [DataRow("POST", "/api/v1/policies/p:rollback")]
    [DataRow("PUT", "/api/v1/tenants/t")]
    [DataRow("DELETE", "/api/v1/tenants/t")]
    [DataRow("POST", "/api/v1/endpoints")]
    [DataRow("PUT", "/api/v1/endpoints/e")]
    [DataRow("DELETE", "/api/v1/endpoints/e")]
    [DataRow("POST", "/api/v1/endpoints/e:rollback")]
    [DataRow("PUT", "/api/v1/models/m")]
    [DataRow("DELETE", "/api/v1/models/m")]
    [DataRow("POST", "/api/v1/jobs")]
    [DataRow("POST", "/api/v1/jobs?dryRun=true")]
    [DataRow("POST", "/api/v1/jobs/j:pause")]
    [DataRow("POST", "/api/v1/jobs/j:resume")]
    [DataRow("POST", "/api/v1/jobs/j:scale")]
    [DataRow("POST", "/api/v1/jobs/j:checkpoint")]
    [DataRow("POST", "/api/v1/jobs/j:cancel")]
    public async Task Change_WithoutKey_IsUnauthorizedBeforeItsInputIsRead(string method, string path)
    {
        var answer = (await s_api.SendAsync(new(method), path, "not json")).AssertProblem(401);
        Assert.AreEqual("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        Assert.AreNotEqual(401, (int)(await s_api.SendAsync(new(method), path, "{}", ("Authorization", "Bearer " + Key))).Status);
    }

    [TestMethod]
    [DataRow("GET", "/api/v1/nodes", null)]
    [DataRow("GET", "/api/v1/policies", null)]
    [DataRow("GET", "/api/v1/endpoints", null)]
    [DataRow("GET", "/api/v1/jobs", null)]
    [DataRow("GET", "/api/v1/capacity", null)]
    [DataRow("POST", "/api/v1/route", """{"model":"m"}""")]
    [DataRow("POST", "/api/v1/route:dryRun", """{"model":"m"}""")]
    [DataRow("POST", "/api/v1/outcomes", """{"decisionId":"d-1","status":"success"}""")]
    [DataRow("GET", "/openapi/v1.json", null)]
    [DataRow("GET", "/swagger/index.html", null)]
    [DataRow("GET", "/health/ready", null)]
    public async Task ReadOrRoute_WithoutKey_IsOpen(string method, string path, string? body) =>
        Assert.IsLessThan(300, (int)(await s_api.SendAsync(new(method), path, body)).Status);

    [TestMethod]
    public async Task Change_ByAWebPageOfAnotherSite_IsForbidden()
    {
        using var open = new ApiHost();
        (await open.PostAsync("/api/v1/nodes/n:cordon", null, ("Origin", "https://evil.example"))).AssertProblem(403);
        (await open.PostAsync("/api/v1/nodes/n:cordon", null, ("Host", "evil.example"))).AssertProblem(403);
    }
}
