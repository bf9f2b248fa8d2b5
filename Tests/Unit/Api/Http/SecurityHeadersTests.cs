using InferMesh.Api.Http;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using InferMesh.Tests.Unit.Api.Ingress;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Http;

[TestClass]
public sealed class SecurityHeadersTests
{
    private static readonly string[] OfData = ["X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Referrer-Policy: no-referrer"];

    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new();

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    [DataRow("/api/v1/nodes", 200)]
    [DataRow("/api/v1/whoami", 200)]
    [DataRow("/api/v1/nodes/none", 404)]
    [DataRow("/api/v1/nodes?limit=x", 400)]
    [DataRow("/no/such/path", 404)]
    [DataRow("/api/v1/cells", 503)]
    public async Task Answer_OfTheControlPlane_IsForItsCallerOnly(string path, int status)
    {
        if (status == 503) s_api.Mesh.Failures.Enqueue(new InvalidCastException("a bug"));
        var answer = (await s_api.GetAsync(path)).AssertStatus(status);
        foreach (var header in OfData) Assert.Contains(header, Headers(answer));
        Assert.IsTrue(answer.Headers.CacheControl!.NoStore);
        Assert.Contains("Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", Headers(answer));
        Assert.DoesNotContain("Server:", string.Join('\n', Headers(answer)));
        Assert.DoesNotContain("Strict-Transport-Security", string.Join('\n', Headers(answer)));
    }

    [TestMethod]
    public async Task SwaggerPage_MayRunItsOwnScriptsOnly()
    {
        var policy = Headers((await s_api.GetAsync("/swagger/index.html")).AssertStatus(200)).Single(h => h.StartsWith("Content-Security-Policy", StringComparison.Ordinal));
        Assert.Contains("default-src 'self'", policy);
        Assert.DoesNotContain("script-src", policy, "Scripts have the default: no inline ones.");
        Assert.Contains("frame-ancestors 'none'", policy);
    }

    [TestMethod]
    public async Task Answer_OfARuntime_KeepsItsHeaders_ButThoseThatAreOurs()
    {
        await using var runtime = await FakeRuntime.StartAsync(context =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers.Server = "uvicorn";
            context.Response.Headers.AccessControlAllowOrigin = "*";
            context.Response.Headers.StrictTransportSecurity = "max-age=0";
            context.Response.Headers["x-vllm"] = "1";
            return context.Response.WriteAsync("{}");
        });
        s_api.Mesh.Router.Decision = FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        var headers = Headers((await s_api.PostAsync("/v1/chat/completions", """{"model":"m"}""")).AssertStatus(200));
        Assert.Contains("Cache-Control: no-cache", headers);
        Assert.Contains("x-vllm: 1", headers);
        Assert.Contains("X-Content-Type-Options: nosniff", headers);
        Assert.IsFalse(headers.Any(h => h.StartsWith("Server", StringComparison.Ordinal) || h.StartsWith("Access-Control", StringComparison.Ordinal) || h.StartsWith("Strict", StringComparison.Ordinal) || h.StartsWith("Content-Security", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Answer_OverTls_HasHsts()
    {
        var context = new DefaultHttpContext();
        context.Request.Scheme = "https";
        SecurityHeaders.Set(context);
        Assert.AreEqual("max-age=31536000", context.Response.Headers.StrictTransportSecurity.ToString());
    }

    [TestMethod]
    [DataRow("api.mesh.example", 200)]
    [DataRow("a.infer.example:8443", 200)]
    [DataRow("API.mesh.example", 200)]
    [DataRow("evil.example", 421)]
    [DataRow("api.mesh.example.evil", 421)]
    [DataRow("evilinfer.example", 421)]
    [DataRow("127.0.0.1", 421)]
    public async Task Host_OfAList_IsServed_AndNoOther(string host, int status)
    {
        using var api = new ApiHost(("InferMesh:Http:AllowedHosts:0", "api.mesh.example"), ("InferMesh:Http:AllowedHosts:1", ".infer.example"), ("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters"));
        var answer = (await api.GetAsync("/api/v1/whoami", ("Host", host), ("x-api-key", "key-of-sixteen-characters"))).AssertStatus(status);
        if (status == 421) Assert.DoesNotContain("evil", answer.AssertProblem(421).Text, "The name is not said again.");
        Assert.AreNotEqual(421, (int)(await api.GetAsync("/health/live", ("Host", "10.0.0.1"))).Status, "Probes come by address.");
    }

    [TestMethod]
    public async Task Cors_WithoutOrigins_IsClosed()
    {
        var preflight = await s_api.SendAsync(HttpMethod.Options, "/api/v1/nodes", null, ("Origin", "https://console.example"), ("Access-Control-Request-Method", "GET"));
        var read = await s_api.GetAsync("/api/v1/nodes", ("Origin", "https://console.example"));
        foreach (var answer in new[] { preflight, read }) Assert.IsFalse(Headers(answer).Any(h => h.StartsWith("Access-Control", StringComparison.Ordinal)));
        Assert.AreEqual(403, (int)read.Status);
    }

    [TestMethod]
    [DataRow("https://console.example", true)]
    [DataRow("https://console.example.evil", false)]
    [DataRow("http://console.example", false)]
    [DataRow("null", false)]
    public async Task Cors_WithOrigins_OpensForThemExactly(string origin, bool isOpen)
    {
        using var api = new ApiHost(("InferMesh:Http:CorsOrigins:0", "https://console.example"), ("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters"));
        var preflight = await api.SendAsync(HttpMethod.Options, "/api/v1/policies/p", null, ("Origin", origin), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "x-api-key,if-match"));
        var read = await api.GetAsync("/api/v1/nodes", ("Origin", origin), ("x-api-key", "key-of-sixteen-characters"));
        Assert.AreEqual(isOpen, Headers(preflight).Contains($"Access-Control-Allow-Origin: {origin}"));
        Assert.AreEqual(isOpen, Headers(read).Contains($"Access-Control-Allow-Origin: {origin}"));
        Assert.IsFalse(Headers(read).Any(h => h.StartsWith("Access-Control-Allow-Credentials", StringComparison.Ordinal)));
    }

    private static string[] Headers(Answer answer) => [.. answer.Headers.NonValidated.Concat(answer.ContentHeaders.NonValidated).SelectMany(h => h.Value.Select(v => $"{h.Key}: {v}"))];
}
