using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>The main job on real input: the AppHost, a real trace through the ingress, policies changed and silos killed under load.</summary>
[TestClass]
public sealed class MainJobTests
{
    private const string Model = SharedMesh.Model;
    private static MeshProcess s_mesh = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => s_mesh = await SharedMesh.GetAsync();

    [ClassCleanup]
    public static async Task CleanAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/policies/live-strategy");
        request.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        using var response = await s_mesh.Api.SendAsync(request);
    }

    [TestMethod]
    public async Task Start_PrintsTheTable_AndAllNodesAreSynthetic()
    {
        foreach (var row in new[] { "API", "Swagger", "Ingress", "gRPC", "Ctrl+C", "synthetic=true" }) StringAssert.Contains(s_mesh.Output, row);
        var page = await s_mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/nodes");
        Assert.AreEqual(8, page.GetProperty("total").GetInt32());
        foreach (var node in page.GetProperty("items").EnumerateArray())
        {
            Assert.IsTrue(node.GetProperty("synthetic").GetBoolean());
            Assert.AreEqual("ready", node.GetProperty("health").GetString());
        }
    }

    [TestMethod]
    public async Task Completion_Streamed_ArrivesEventByEvent()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = Model, max_tokens = 20, stream = true, messages = new[] { new { role = "user", content = "Hello" } } }),
        };
        using var response = await s_mesh.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await Body(response));
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.IsTrue(response.Headers.Contains("x-infermesh-node"));
        Assert.AreEqual("true", response.Headers.GetValues("x-infermesh-synthetic").Single());
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n').Where(l => l.StartsWith("data: ", StringComparison.Ordinal)).ToArray();
        Assert.AreEqual("data: [DONE]", lines[^1].Trim());
        Assert.IsGreaterThanOrEqualTo(20, lines.Length);
    }

    [TestMethod]
    public async Task Completion_UnknownModel_Is404InOpenAiForm()
    {
        using var response = await s_mesh.Api.PostAsJsonAsync("/v1/chat/completions", new { model = "nobody-serves-this", messages = Array.Empty<object>() });
        Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode);
        Assert.AreEqual("model_not_found", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString());
    }

    [TestMethod]
    public async Task StrategySwitch_UnderReplay_FailsNoRequest()
    {
        var trace = Repository.Data("azure-llm-2023", "conv.csv.gz");
        await PutPolicyAsync("baseline_rr");
        await using var replay = Replay.Start(s_mesh, trace, "azure", speed: 2, seconds: 24);
        await UntilServedAsync();
        await PutPolicyAsync("mesh");
        await PutPolicyAsync("least_queue");
        await PutPolicyAsync("mesh");
        var report = await replay.ReportAsync(TimeSpan.FromMinutes(3));
        Assert.AreEqual(0, report.GetProperty("errors").GetInt32(), report.GetProperty("errorsByKind").ToString());
        Assert.IsGreaterThan(100, report.GetProperty("requests").GetInt32());
        Assert.AreEqual(8, report.GetProperty("nodes").GetArrayLength(), "all nodes served");
    }

    [TestMethod]
    public async Task SiloKilled_UnderReplay_AtMostOnePercentFails_AndItComesBack()
    {
        var trace = Repository.Data("azure-llm-2023", "conv.csv.gz");
        using var created = await s_mesh.Api.PutAsJsonAsync("/api/v1/nodes/registered-by-hand", new { cell = "cell-hand", zone = "zone-a" });
        Assert.AreEqual(HttpStatusCode.Created, created.StatusCode, await Body(created));
        var before = s_mesh.SiloPids();
        Assert.HasCount(2, before);
        await using var replay = Replay.Start(s_mesh, trace, "azure", speed: 2, seconds: 30);
        await UntilServedAsync();
        MeshProcess.Kill(before[0], 9);

        await ExternalProcess.UntilAsync(() => Task.FromResult(s_mesh.SiloPids() is { Count: 2 } now && !now.Contains(before[0])), TimeSpan.FromMinutes(1), "the killed silo is restarted");
        var report = await replay.ReportAsync(TimeSpan.FromMinutes(3));
        var seconds = report.GetProperty("seconds").EnumerateArray().ToArray();
        var failing = seconds.Where(s => s.GetProperty("errors").GetInt32() > 0).Select(s => s.GetProperty("second").GetInt32()).ToArray();
        var errors = report.GetProperty("errors").GetInt32();
        if (failing.Length > 0)
        {
            var sent = seconds.Where(s => Math.Abs(s.GetProperty("second").GetInt32() - failing[0]) <= 5).Sum(s => s.GetProperty("sent").GetInt32());
            Assert.IsLessThanOrEqualTo(0.01 * sent, (double)errors, $"{errors} of {sent} failed: {report.GetProperty("errorsByKind")}");
            Assert.IsLessThanOrEqualTo(10, failing[^1] - failing[0], "failures end within 10 s");
        }

        Assert.AreEqual(HttpStatusCode.OK, (await s_mesh.Api.GetAsync("/api/v1/nodes/registered-by-hand")).StatusCode);
        await s_mesh.UntilReadyAsync(8);
        using var removed = await s_mesh.Api.DeleteAsync("/api/v1/nodes/registered-by-hand?force=true");
        Assert.AreEqual(HttpStatusCode.NoContent, removed.StatusCode);
    }

    [TestMethod]
    public async Task SilentNode_IsSuspectThenOffline_AndGetsNoRequest()
    {
        var node = (await s_mesh.NodesAsync("ready"))[0];
        using var admin = new HttpClient { BaseAddress = new($"http://127.0.0.1:{s_mesh.AdminPort}") };
        Assert.AreEqual(HttpStatusCode.OK, (await admin.PostAsJsonAsync($"/admin/nodes/{node}/telemetry", new { silent = true })).StatusCode);
        try
        {
            await ExternalProcess.UntilAsync(async () => (await s_mesh.NodesAsync("suspect")).Contains(node), TimeSpan.FromSeconds(30), "suspect");
            await ExternalProcess.UntilAsync(async () => (await s_mesh.NodesAsync("offline")).Contains(node), TimeSpan.FromSeconds(30), "offline");
            for (var i = 0; i < 40; i++)
            {
                using var response = await s_mesh.Api.PostAsJsonAsync("/v1/completions", new { model = Model, max_tokens = 1, prompt = "x" });
                Assert.AreNotEqual(node, response.Headers.GetValues("x-infermesh-node").Single());
            }
        }
        finally
        {
            await admin.PostAsJsonAsync($"/admin/nodes/{node}/telemetry", new { silent = false });
        }
        await s_mesh.UntilReadyAsync(8);
    }

    [TestMethod]
    public async Task FailingNode_IsFailedOver_WithoutTheClientNoticing()
    {
        var node = (await s_mesh.NodesAsync("ready"))[1];
        using var admin = new HttpClient { BaseAddress = new($"http://127.0.0.1:{s_mesh.AdminPort}") };
        await admin.PostAsJsonAsync($"/admin/nodes/{node}/mode", new { mode = "status", status = 503 });
        try
        {
            for (var i = 0; i < 40; i++)
            {
                using var response = await s_mesh.Api.PostAsJsonAsync("/v1/completions", new { model = Model, max_tokens = 1, prompt = "x" });
                Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await Body(response));
            }
        }
        finally
        {
            await admin.PostAsJsonAsync($"/admin/nodes/{node}/mode", new { mode = "ok" });
        }
        await s_mesh.UntilReadyAsync(8);
    }

    private static async Task UntilServedAsync()
    {
        // The replay is under way once the fleet holds its work.
        await ExternalProcess.UntilAsync(
            async () => (await s_mesh.Api.GetFromJsonAsync<JsonElement>("/api/v1/models")).ToString().Contains(Model, StringComparison.Ordinal)
                && (await s_mesh.Api.GetFromJsonAsync<JsonElement>($"/api/v1/models/{Model}")).GetProperty("replicas").EnumerateArray()
                    .Sum(r => r.TryGetProperty("running", out var running) && running.ValueKind == JsonValueKind.Number ? running.GetDouble() : 0) >= 5,
            TimeSpan.FromSeconds(60), "requests under way");
    }

    private static async Task PutPolicyAsync(string strategy)
    {
        var spec = new { kind = "routing", routing = new { strategy } };
        using var current = await s_mesh.Api.GetAsync("/api/v1/policies/live-strategy");
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/policies/live-strategy") { Content = JsonContent.Create(spec) };
        if (current.Headers.ETag is { } etag) request.Headers.IfMatch.Add(etag);
        else request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        using var response = await s_mesh.Api.SendAsync(request);
        Assert.IsTrue(response.IsSuccessStatusCode, await Body(response));
    }

    private static async Task<string> Body(HttpResponseMessage response) =>
        response.IsSuccessStatusCode ? "" : $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
}
