using System.Net;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Api.Console;

[TestClass]
public sealed class ConsoleTests
{
    private const string AdminKey = "key-of-sixteen-characters";

    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new(("InferMesh:Api:AdminKeys:0", AdminKey));

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    [DataRow("/", "text/html")]
    [DataRow("/console/app.js", "text/javascript")]
    [DataRow("/console/app.css", "text/css")]
    [DataRow("/console/icon.svg", "image/svg+xml")]
    [DataRow("/console/third-party.txt", "text/plain")]
    public async Task File_IsForEverybody_AndRunsItsOwnScriptsOnly(string path, string type)
    {
        var file = (await s_api.GetAsync(path)).AssertStatus(200);
        Assert.AreEqual(type, file.ContentType);
        var policy = file.Headers.GetValues("Content-Security-Policy").Single();
        foreach (var rule in new[] { "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self';", "base-uri 'none'", "frame-ancestors 'none'" }) Assert.Contains(rule, policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.AreEqual("DENY", file.Headers.GetValues("X-Frame-Options").Single());
        Assert.IsTrue(file.Headers.CacheControl!.NoCache);
        Assert.AreEqual(304, (int)(await s_api.GetAsync(path, ("If-None-Match", file.Etag!))).Status);
    }

    [TestMethod]
    public async Task File_Compressed_IsTheSame()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console/app.js");
        request.Headers.AcceptEncoding.Add(new("gzip"));
        using var response = await s_api.Http.SendAsync(request);
        Assert.AreEqual("gzip", response.Content.Headers.ContentEncoding.Single());
        await using var gzip = new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        Assert.AreEqual(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Api", "Console", "wwwroot", "app.js")), await reader.ReadToEndAsync());
    }

    [TestMethod]
    public void EventFilter_Types_AreAllThatThereAre()
    {
        var source = Repository.Read("Api/Console/web/src/events/EventList.tsx");
        var begin = source.IndexOf("const Kinds = [", StringComparison.Ordinal);
        var offered = System.Text.RegularExpressions.Regex.Matches(source[begin..source.IndexOf("];", begin, StringComparison.Ordinal)], "'([A-Z_]+)'").Select(static m => m.Groups[1].Value).ToArray();
        CollectionAssert.AreEquivalent(InferMesh.Api.Endpoints.Events.EventFilter.KnownTypes.ToArray(), offered);
    }

    [TestMethod]
    public async Task ReportFrame_HasNoOriginAndNoAddress()
    {
        var frame = (await s_api.GetAsync("/console/report.html")).AssertStatus(200);
        var policy = frame.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("sandbox allow-scripts; default-src 'none'; script-src 'self'", policy);
        Assert.DoesNotContain("connect-src", policy);
        Assert.AreEqual("SAMEORIGIN", frame.Headers.GetValues("X-Frame-Options").Single());
    }

    [TestMethod]
    [DataRow("/console/none.js")]
    [DataRow("/console/..%2fappsettings.json")]
    [DataRow("/console/App.js")]
    public async Task File_Unknown_IsNotFound(string path) => (await s_api.GetAsync(path)).AssertProblem(404);

    [TestMethod]
    public async Task Settings_WithAProvider_NameIt_AndTheConsoleMayAskIt()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", AdminKey), ("InferMesh:Console:OidcClientId", "console"), ("InferMesh:Console:OidcAuthority", "https://login.example/realms/mesh/"));
        var settings = (await api.GetAsync("/console/settings.json")).AssertStatus(200);
        Assert.AreEqual("enforced", settings.Json.GetProperty("mode").GetString());
        var oidc = settings.Json.GetProperty("oidc");
        Assert.AreEqual(("https://login.example/realms/mesh", "console", "openid profile"), (oidc.GetProperty("authority").GetString(), oidc.GetProperty("clientId").GetString(), oidc.GetProperty("scope").GetString()));
        Assert.Contains("connect-src 'self' https://login.example;", (await api.GetAsync("/")).Headers.GetValues("Content-Security-Policy").Single());
        Assert.IsFalse((await s_api.GetAsync("/console/settings.json")).Json.TryGetProperty("oidc", out _));
    }

    [TestMethod]
    public async Task Console_TurnedOff_IsNotThere()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", AdminKey), ("InferMesh:Console:Enabled", "false"));
        Assert.AreEqual(HttpStatusCode.NotFound, (await api.GetAsync("/")).Status);
        Assert.AreEqual(HttpStatusCode.NotFound, (await api.GetAsync("/console/settings.json")).Status);
    }
}
