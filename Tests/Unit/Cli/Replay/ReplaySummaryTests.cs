using InferMesh.Cli.Replay;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class ReplaySummaryTests
{
    private static readonly ReplayOptions Options = new()
    {
        TracePath = "/a/b/t.csv",
        Format = TraceFormat.Csv,
        Target = new Uri("http://127.0.0.1:1"),
        Warmup = TimeSpan.FromSeconds(10),
        Duration = TimeSpan.FromSeconds(10),
    };

    [TestMethod]
    public void Make_WarmupAndErrors_AreLeftOutOfLatency()
    {
        var report = Make(Good(5, 1000, "a"), Good(11, 10, "a"), Good(12, 30, "b"), Good(13, 20, "a") with { Error = "http_503" }, Good(14, 9, "direct") with { Error = ErrorKind.Connect });

        Assert.AreEqual(4, report.Requests);
        Assert.AreEqual(2, report.Succeeded);
        Assert.AreEqual(2, report.Errors);
        Assert.AreEqual(1, report.ErrorsByKind["http_503"]);
        Assert.AreEqual(30.0, report.E2e.MaxMs);
        Assert.AreEqual(200L, report.CompletionTokens);
        Assert.AreEqual(20.0, report.CompletionTokensPerSecond);
        Assert.AreEqual("t.csv", report.Trace);
        Assert.IsTrue(report.TargetReached);
        CollectionAssert.AreEqual(new[] { "a", "b" }, report.Nodes.Select(static n => n.Node).ToArray());
        Assert.AreEqual(0.6667, report.Nodes[0].Share);
        Assert.AreEqual(1, report.Nodes[0].Errors);
        Assert.AreEqual(4, report.Seconds.Sum(static s => s.Sent));
        Assert.AreEqual(2, report.Seconds.Sum(static s => s.Completed));
        Assert.AreEqual(2, report.Seconds.Sum(static s => s.Errors));
        Assert.AreEqual(1, report.Seconds[1].Sent);
    }

    [TestMethod]
    public void Make_OnlyConnectErrors_IsNotReached()
        => Assert.IsFalse(Make(Good(11, 1, "direct") with { Error = ErrorKind.Connect }).TargetReached);

    [TestMethod]
    public void CommandLine_HeaderValues_AreLeftOut()
    {
        var line = ReplayArguments.CommandLine(["replay", "--header", "authorization=Bearer secret", "--trace", "a b"]);

        Assert.AreEqual("infermesh replay --header authorization=*** --trace \"a b\"", line);
    }

    private static ReplayReport Make(params RequestOutcome[] outcomes)
        => ReplaySummary.Make(Options, outcomes, TimeSpan.FromSeconds(20), DateTimeOffset.UnixEpoch, "infermesh replay", false);

    private static RequestOutcome Good(double atSeconds, double e2eMs, string node) => new(
        TimeSpan.FromSeconds(atSeconds), TimeSpan.Zero, TimeSpan.FromMilliseconds(e2eMs), TimeSpan.FromMilliseconds(1), null, 10, 100, node, null);
}
