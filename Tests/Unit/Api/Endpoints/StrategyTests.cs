using System.Net.Http.Headers;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Hosting;
using InferMesh.Tests.Unit.Strategies.Hosting;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class StrategyTests
{
    private const string Path = "/api/v1/strategies";

    [TestMethod]
    public async Task List_HasTheCatalogueAndPlugins()
    {
        using var api = new ApiHost();
        await PushAsync(api, Archive("my_mesh", "1.0.0"));
        var all = (await api.GetAsync(Path)).AssertStatus(200).Json.GetProperty("items");
        var (first, last) = (all[0], all[all.GetArrayLength() - 1]);
        Assert.AreEqual(("catalogue", true), (first.GetProperty("source").GetString(), first.GetProperty("enabled").GetBoolean()));
        Assert.AreEqual(("my_mesh", "plugin", false), (last.GetProperty("name").GetString(), last.GetProperty("source").GetString(), last.GetProperty("enabled").GetBoolean()));
        Assert.AreEqual(1, (await api.GetAsync($"{Path}?source=plugin")).Json.GetProperty("items").GetArrayLength());
        CollectionAssert.AreEqual(new[] { "source" }, (await api.GetAsync($"{Path}?source=x")).AssertProblem(400).ErrorFields);
        Assert.IsGreaterThan(5, (await api.GetAsync($"{Path}/hybrid_mesh")).AssertStatus(200).Json.GetProperty("parameters").GetArrayLength());
        (await api.GetAsync($"{Path}/none")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Shadows_HaveAnIntervalWhereEnoughIsKnown()
    {
        using var api = new ApiHost();
        var items = (await api.GetAsync("/api/v1/shadows")).AssertStatus(200).Json.GetProperty("items");
        Assert.AreEqual(2, items.GetArrayLength());
        Assert.AreEqual((0.465, 0.402, 0.528), (items[0].GetProperty("regretSeconds").GetDouble(), items[0].GetProperty("regretLow").GetDouble(), items[0].GetProperty("regretHigh").GetDouble()));
        Assert.IsFalse(items[1].TryGetProperty("regretSeconds", out _), "Too few requests.");
    }

    [TestMethod]
    public async Task Plugin_FromPushToRemoval()
    {
        using var api = new ApiHost();
        Assert.AreEqual("1.0.0", (await PushAsync(api, Archive("my_mesh", "1.0.0"), "?dryRun=true")).AssertStatus(200).Json.GetProperty("versions")[0].GetProperty("version").GetString());
        (await api.GetAsync($"{Path}/my_mesh")).AssertProblem(404);
        var pushed = await PushAsync(api, Archive("my_mesh", "1.0.0"));
        Assert.AreEqual("/api/v1/strategies/my_mesh", pushed.AssertStatus(201).Headers.Location?.ToString());
        await PushAsync(api, Archive("my_mesh", "1.1.0"));
        Assert.AreEqual("1.0.0", (await api.PostAsync($"{Path}/my_mesh/enable?version=1.0.0")).AssertStatus(200).Json.GetProperty("version").GetString());
        Assert.AreEqual("1.1.0", (await api.PostAsync($"{Path}/my_mesh/enable")).AssertStatus(200).Json.GetProperty("version").GetString());
        Assert.AreEqual("1.0.0", (await api.PostAsync($"{Path}/my_mesh/rollback")).AssertStatus(200).Json.GetProperty("version").GetString());
        (await api.PostAsync($"{Path}/my_mesh/enable?version=9.0.0")).AssertProblem(404);
        api.Mesh.Plugins.Users["my_mesh"] = ["policy/chat"];
        Assert.AreEqual("policy/chat", (await api.PostAsync($"{Path}/my_mesh/disable")).AssertProblem(409).Json.GetProperty("usedBy")[0].GetString());
        Assert.AreEqual("policy/chat", (await api.DeleteAsync($"{Path}/my_mesh")).AssertProblem(409).Json.GetProperty("usedBy")[0].GetString());
        Assert.IsFalse((await api.PostAsync($"{Path}/my_mesh/disable?force=true")).AssertStatus(200).Json.GetProperty("enabled").GetBoolean());
        (await api.DeleteAsync($"{Path}/my_mesh?force=true")).AssertStatus(204);
        (await api.PostAsync($"{Path}/my_mesh/disable")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Push_BadInput_IsRefused()
    {
        using var api = new ApiHost();
        (await api.PostAsync(Path, "{}")).AssertProblem(415);
        CollectionAssert.AreEqual(new[] { "package" }, (await PushAsync(api, [1, 2, 3])).AssertProblem(400).ErrorFields);
        (await PushAsync(api, new byte[(8 << 20) + 1])).AssertProblem(413);
        await PushAsync(api, Archive("my_mesh", "1.0.0"));
        (await PushAsync(api, Archive("my_mesh", "1.0.0", score: 2))).AssertProblem(409);
    }

    [TestMethod]
    public async Task Test_CountsWhatWouldChange()
    {
        using var api = new ApiHost();
        await PushAsync(api, Archive("my_mesh", "1.0.0"));
        api.Mesh.Router.OnTryPlugin = (_, digest) => digest.Length == 64 ? new() { Status = RouteStatus.Overloaded } : throw new InvalidOperationException();
        var trial = (await api.PostAsync($"{Path}/my_mesh/test", """{"requests":[{"model":"m"}]}""")).AssertStatus(200).Json;
        Assert.AreEqual(("my_mesh@1.0.0", 1, 1, 20.0), (trial.GetProperty("strategy").GetString(), trial.GetProperty("outcome").GetProperty("changed").GetInt32(),
            trial.GetProperty("failures").GetProperty("timeout").GetInt32(), trial.GetProperty("decisionMicrosecondsThen").GetDouble()));
        (await api.PostAsync($"{Path}/none/test")).AssertProblem(404);
        CollectionAssert.AreEqual(new[] { "version" }, (await api.PostAsync($"{Path}/my_mesh/test", """{"version":"9.9.9"}""")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "recent" }, (await api.PostAsync($"{Path}/my_mesh/test", """{"recent":-1}""")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "parameters.x" }, (await api.PostAsync($"{Path}/my_mesh/test", """{"parameters":{"x":1}}""")).AssertProblem(400).ErrorFields);
        var busy = (await api.PostAsync($"{Path}/my_mesh/test", """{"fallback":"busy"}""")).AssertProblem(503).Json.GetProperty("detail").GetString();
        StringAssert.Contains(busy, "nothing was changed");
    }

    [TestMethod]
    [DataRow("operator", 201, 403)]
    [DataRow("admin", 201, 201)]
    [DataRow("viewer", 403, 403)]
    public async Task Push_OfCodeForTheProcess_IsForAdminsAlone(string role, int sandboxed, int trusted)
    {
        const string admin = "key-of-sixteen-characters";
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", admin));
        var made = await api.PostAsync("/api/v1/keys", $$"""{"name":"k","roles":["{{role}}"]}""", ("Authorization", $"Bearer {admin}"));
        var key = made.AssertStatus(201).Json.GetProperty("key").GetString()!;
        (await PushAsync(api, Archive("my_mesh", "1.0.0"), "", key)).AssertStatus(sandboxed);
        (await PushAsync(api, Archive("other_mesh", "1.0.0", PluginRuntime.DotNet), "", key)).AssertStatus(trusted);
    }

    /// <summary>An archive of a module that always picks the first target.</summary>
    internal static byte[] Archive(string name, string version, PluginRuntime runtime = PluginRuntime.Wasm, int score = 1)
    {
        var files = new Dictionary<string, byte[]> { ["main.wasm"] = Packages.Text(Packages.Pick(score: $"f64.const {score}")) };
        var manifest = new PluginManifest { Name = name, Version = version, Kind = PluginKind.Routing, Runtime = runtime, Main = "main.wasm", Files = Packages.Hashes(files), Description = "Picks the first." };
        return Packages.Zip(files, manifest);
    }

    internal static async Task<Answer> PushAsync(ApiHost api, byte[] archive, string query = "", string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path + query) { Content = new ByteArrayContent(archive) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        // Who sends much asks first, and is told before he has sent it.
        if (archive.Length > 1 << 20) request.Headers.ExpectContinue = true;
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        using var response = await api.Http.SendAsync(request);
        return await Answer.OfAsync(response);
    }
}
