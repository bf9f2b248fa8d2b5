using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using InferMesh.Cli.Fleet;

namespace InferMesh.Tests.Unit.Cli.Fleet;

[TestClass]
public sealed class NodeModeTests
{
    private static readonly object Short = new { model = FleetHarness.Model, prompt = "x", max_tokens = 2 };
    private static readonly object Long = new { model = FleetHarness.Model, prompt = "x", max_tokens = 100_000, stream = true };

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task Fail_InFlightAndNew_ConnectionsAreDroppedUntilOk()
    {
        await using var harness = await FleetHarness.StartAsync(timeScale: 1);
        using var streaming = await harness.CompleteAsync(Long, Cancellation);
        using var changed = await harness.AdminAsync("/admin/nodes/syn-c0-n0/mode", new { mode = "fail" }, Cancellation);
        Assert.AreEqual(HttpStatusCode.OK, changed.StatusCode);

        await using var stream = await streaming.Content.ReadAsStreamAsync(Cancellation);
        await Assert.ThrowsAsync<IOException>(async () => await stream.CopyToAsync(Stream.Null, Cancellation));
        // Reset as soon as it is made, a connection may fail below HTTP.
        var failure = await Assert.ThrowsAsync<Exception>(() => harness.CompleteAsync(Short, Cancellation));
        Assert.IsTrue(failure is HttpRequestException or SocketException, failure.ToString());
        Assert.AreEqual(0, harness.Node.Running);

        await harness.AdminAsync("/admin/nodes/*/mode", new { mode = "ok" }, Cancellation);
        using var good = await harness.CompleteAsync(Short, Cancellation);
        Assert.AreEqual(HttpStatusCode.OK, good.StatusCode);
    }

    [TestMethod]
    public async Task Hang_Request_IsAnsweredOnlyAfterRelease()
    {
        await using var harness = await FleetHarness.StartAsync();
        harness.Node.SetMode(new NodeModeSetting(NodeMode.Hang));
        var pending = harness.CompleteAsync(Short, Cancellation);
        await FleetHarness.UntilAsync(() => harness.Node.Connections.Count > 0, "the node has accepted", Cancellation);
        Assert.IsFalse(pending.IsCompleted);

        harness.Node.SetMode(NodeModeSetting.Ok);
        using var response = await pending;
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
    }

    [TestMethod]
    public async Task Hang_ClientLeaves_ConnectionEnds()
    {
        await using var harness = await FleetHarness.StartAsync();
        harness.Node.SetMode(new NodeModeSetting(NodeMode.Hang));
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var pending = harness.CompleteAsync(Short, leave.Token);
        await FleetHarness.UntilAsync(() => harness.Node.Connections.Count > 0, "the node has accepted", Cancellation);

        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => pending);
        await FleetHarness.UntilAsync(() => harness.Node.Connections.Count == 0, "the connection is gone", Cancellation);
    }

    [TestMethod]
    public async Task Status_Request_GetsCodeAndRetryAfterWhileHealthStays()
    {
        await using var harness = await FleetHarness.StartAsync();
        await harness.AdminAsync("/admin/nodes/syn-c0-n0/mode", new { mode = "status", status = 429, retryAfterSeconds = 7 }, Cancellation);

        using var refused = await harness.CompleteAsync(Short, Cancellation);
        Assert.AreEqual(429, (int)refused.StatusCode);
        Assert.AreEqual(TimeSpan.FromSeconds(7), refused.Headers.RetryAfter!.Delta);
        using var health = await harness.Client.GetAsync(new Uri(harness.Node.Endpoint, "/health"), Cancellation);
        Assert.AreEqual(HttpStatusCode.OK, health.StatusCode);
    }

    [TestMethod]
    public async Task Slow_Request_TakesLongerByTheFactor()
    {
        await using var harness = await FleetHarness.StartAsync(timeScale: 1);
        harness.Node.SetMode(new NodeModeSetting(NodeMode.Slow, SlowFactor: 20));
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        using var response = await harness.CompleteAsync(Short, Cancellation);

        Assert.IsGreaterThan(TimeSpan.FromMilliseconds(300), System.Diagnostics.Stopwatch.GetElapsedTime(started), "two steps of 8 ms, 20 times as long");
    }

    [TestMethod]
    [DataRow("/admin/nodes/none/mode", """{"mode":"ok"}""", 404)]
    [DataRow("/admin/nodes/*/mode", """{"mode":"sleep"}""", 400)]
    [DataRow("/admin/nodes/*/mode", """{"mode":"status","status":200}""", 400)]
    [DataRow("/admin/nodes/*/mode", """{"mode":"slow","slowFactor":0.5}""", 400)]
    [DataRow("/admin/nodes/*/mode", """{"mode":"ok","colour":"red"}""", 400)]
    [DataRow("/admin/nodes/*/mode", "{", 400)]
    [DataRow("/admin/nodes/*/telemetry", "{}", 400)]
    [DataRow("/admin/else", "{}", 404)]
    public async Task Admin_BadRequest_IsRefused(string path, string body, int status)
    {
        await using var harness = await FleetHarness.StartAsync();
        using var content = new StringContent(body);
        using var response = await harness.Client.PostAsync(new Uri(harness.Fleet.AdminEndpoint, path), content, Cancellation);

        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.AreEqual(NodeMode.Ok, harness.Node.Mode.Mode);
    }

    [TestMethod]
    public async Task Telemetry_Silenced_IsOnTheNodeAndInTheList()
    {
        await using var harness = await FleetHarness.StartAsync(nodes: 2);
        await harness.AdminAsync("/admin/nodes/syn-c0-n1/telemetry", new { silent = true }, Cancellation);

        Assert.IsFalse(harness.Fleet.Nodes[0].Silent);
        Assert.IsTrue(harness.Fleet.Nodes[1].Silent);
        var list = await harness.Client.GetFromJsonAsync<JsonElement>(new Uri(harness.Fleet.AdminEndpoint, "/admin/nodes"), Cancellation);
        Assert.AreEqual(2, list.GetArrayLength());
        Assert.IsTrue(list[1].GetProperty("silent").GetBoolean());
        Assert.IsTrue(list[1].GetProperty("synthetic").GetBoolean());
        Assert.AreEqual(harness.Fleet.Nodes[1].Endpoint.Port, list[1].GetProperty("port").GetInt32());
    }
}
