using InferMesh.Cli;
using InferMesh.Cli.Fleet;
using InferMesh.Cli.Replay;
using InferMesh.Simulator.Workload.Traces;
using InferMesh.Tests.Unit.Cli.Fleet;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class ReplayRunTests
{
    private static readonly TraceRecord[] Trace =
        [.. Enumerable.Range(0, 20).Select(static i => new TraceRecord(TimeSpan.FromMilliseconds(i * 10), 50 + i, 5 + i))];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(true, false)]
    [DataRow(true, true)]
    [DataRow(false, false)]
    [DataRow(false, true)]
    public async Task Run_AgainstTheFleet_CountsExactTokens(bool stream, bool chat)
    {
        await using var harness = await FleetHarness.StartAsync();
        var report = await RunAsync(harness.Node.Endpoint, stream, chat);

        Assert.AreEqual(20, report.Succeeded, string.Join(", ", report.ErrorsByKind.Keys));
        Assert.AreEqual(Trace.Sum(static r => (long)r.PromptTokens), report.PromptTokens);
        Assert.AreEqual(Trace.Sum(static r => (long)r.OutputTokens), report.CompletionTokens);
        Assert.AreEqual(stream ? 20 : 0, report.Ttft.Count);
        Assert.AreEqual("syn-c0-n0", report.Nodes.Single().Node);
        Assert.AreEqual(20, harness.Node.Served);
    }

    [TestMethod]
    public async Task Run_TargetRefuses_CountsTheStatus()
    {
        await using var harness = await FleetHarness.StartAsync();
        harness.Node.SetMode(new NodeModeSetting(NodeMode.Status, StatusCode: 429));
        var report = await RunAsync(harness.Node.Endpoint, true, false);

        Assert.AreEqual(20, report.ErrorsByKind["http_429"]);
        Assert.IsTrue(report.TargetReached);
    }

    [TestMethod]
    public async Task Run_NodeFailsMidStream_CountsBrokenStreams()
    {
        await using var harness = await FleetHarness.StartAsync(timeScale: 1);
        TraceRecord[] longOnes = [new(TimeSpan.Zero, 1, 10_000), new(TimeSpan.Zero, 1, 10_000)];
        var run = RunAsync(harness.Node.Endpoint, true, false, longOnes);
        await FleetHarness.UntilAsync(() => harness.Node.KvUsage > 0 && harness.Node.Running == 2, "both stream", TestContext.CancellationToken);
        harness.Node.SetMode(new NodeModeSetting(NodeMode.Fail));
        var report = await run;

        Assert.AreEqual(2, report.Errors);
        Assert.AreEqual(0, report.Succeeded);
        Assert.IsTrue(report.ErrorsByKind.Keys.All(static kind => kind is ErrorKind.BrokenStream or ErrorKind.NoAnswer), string.Join(", ", report.ErrorsByKind.Keys));
    }

    [TestMethod]
    public async Task Run_HangingNode_TimesOut()
    {
        await using var harness = await FleetHarness.StartAsync();
        harness.Node.SetMode(new NodeModeSetting(NodeMode.Hang));
        var report = await RunAsync(harness.Node.Endpoint, true, false, Trace[..2], TimeSpan.FromMilliseconds(200));

        Assert.AreEqual(2, report.ErrorsByKind[ErrorKind.Timeout]);
    }

    [TestMethod]
    public async Task Run_NobodyListens_IsNotReached()
    {
        Uri gone;
        await using (var harness = await FleetHarness.StartAsync())
            gone = harness.Node.Endpoint;
        var report = await RunAsync(gone, true, false, Trace[..3]);

        Assert.IsFalse(report.TargetReached);
        Assert.AreEqual(3, report.ErrorsByKind[ErrorKind.Connect]);
    }

    [TestMethod]
    [DataRow(null, "Bearer key-of-a-replay")]
    [DataRow("authorization=Basic eA==", "Basic eA==")]
    public async Task Run_WithACredential_SignsInWithItUnlessAHeaderDoes(string? header, string expected)
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        server.MapPost("/v1/completions", (HttpContext context) =>
        {
            seen.Enqueue(context.Request.Headers.Authorization.ToString());
            return Results.Unauthorized();
        });
        await server.StartAsync(TestContext.CancellationToken);
        var options = new ReplayOptions
        {
            TracePath = "t.csv",
            Format = TraceFormat.Csv,
            Target = new(server.Urls.First()),
            Duration = TimeSpan.FromSeconds(5),
            Credential = Credential.Of("--api-key", "key-of-a-replay"),
            Headers = header is null ? [] : ReplayArguments.Headers([header]),
        };
        var report = await new ReplayRun(options, TimeProvider.System, TextWriter.Null).RunAsync(Trace[..1], "infermesh replay", TestContext.CancellationToken);
        Assert.AreEqual(1, report.ErrorsByKind["http_401"]);
        Assert.AreEqual(expected, seen.Single());
    }

    private Task<ReplayReport> RunAsync(Uri target, bool stream, bool chat, TraceRecord[]? trace = null, TimeSpan? timeout = null)
    {
        var options = new ReplayOptions
        {
            TracePath = "t.csv",
            Format = TraceFormat.Csv,
            Target = target,
            Stream = stream,
            Chat = chat,
            Duration = TimeSpan.FromSeconds(5),
            Timeout = timeout ?? TimeSpan.FromSeconds(30),
        };
        return new ReplayRun(options, TimeProvider.System, TextWriter.Null).RunAsync(trace ?? Trace, "infermesh replay", TestContext.CancellationToken);
    }
}
