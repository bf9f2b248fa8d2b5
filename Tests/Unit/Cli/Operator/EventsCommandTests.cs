using InferMesh.Cli;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Tests.Unit.Api;

namespace InferMesh.Tests.Unit.Cli.Operator;

[TestClass]
public sealed class EventsCommandTests
{
    [TestMethod]
    public async Task Events_OfAMesh_AreShownWithReasonAndEvidence()
    {
        using var api = new ApiHost();
        await Append(api, EventTypes.NodeJoined, "n1", ("cell", "c1"));
        await Append(api, EventTypes.NodeHealthChanged, "n1", ("from", "ready"), ("to", "quarantined"), ("reason", "xid"), ("subject", "GPU-1"), ("evidence", "XID 79.\u001b[31m"));
        var (code, output, error) = await RunAsync($"events --api {api.Http.BaseAddress}");
        Assert.AreEqual(0, code, error);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(2, lines);
        StringAssert.Matches(lines[0], new(@"^ +1  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  NODE_JOINED +n1  cell=c1"));
        StringAssert.Contains(lines[1], "NODE_HEALTH_CHANGED   n1  from=ready  to=quarantined  reason=xid  subject=GPU-1  evidence=\"XID 79. [31m\"");
        Assert.DoesNotContain('\u001b', output);

        (_, output, _) = await RunAsync($"events --api {api.Http.BaseAddress} --after 1 --type NODE_HEALTH_CHANGED -o json");
        Assert.HasCount(1, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        StringAssert.Contains(output, "\"quarantined\"");
        (_, output, _) = await RunAsync($"events --api {api.Http.BaseAddress} --type NODE_LEFT");
        Assert.AreEqual("", output);
    }

    [TestMethod]
    public async Task Events_Filtered_ShowsVersionsReasonAndActor()
    {
        using var api = new ApiHost();
        await api.Mesh.Events.Append(new() { Type = EventTypes.PolicyUpdated, Subject = "chat", Actor = "ann", At = DateTimeOffset.UtcNow.AddHours(-3) });
        await api.Mesh.Events.Append(new() { Type = EventTypes.PolicyUpdated, Subject = "chat", Actor = "ann", Reason = "rolled back", VersionBefore = 4, VersionAfter = 5, At = DateTimeOffset.UtcNow });
        await api.Mesh.Events.Append(new() { Type = EventTypes.PolicyUpdated, Subject = "chat", Actor = "bob", At = DateTimeOffset.UtcNow });

        var (code, output, error) = await RunAsync($"events --api {api.Http.BaseAddress} --since 2h --subject chat --actor ann");

        Assert.AreEqual(0, code, error);
        StringAssert.EndsWith(output.Trim(), "chat  v4>v5  reason=\"rolled back\"  by ann");
    }

    [TestMethod]
    public async Task Events_Followed_GoesOnUntilStopped()
    {
        using var api = new ApiHost();
        var (output, error) = (new StringWriter(), new StringWriter());
        using var stop = new CancellationTokenSource();
        var running = InferMeshCommand.RunAsync(InferMeshCommand.Create(), ["events", "--api", api.Http.BaseAddress!.ToString(), "-f"], TextWriter.Synchronized(output), error, stop.Token);
        await Append(api, EventTypes.NodeLeft, "n7");
        await Eventually.HoldsAsync(() => Text(output).Contains("n7", StringComparison.Ordinal), "the first event");
        await Append(api, EventTypes.NodeLeft, "n8");
        await Eventually.HoldsAsync(() => Text(output).Contains("n8", StringComparison.Ordinal), "what comes later");
        await stop.CancelAsync();
        Assert.AreEqual(0, await running.WaitAsync(TimeSpan.FromSeconds(30)), error.ToString());

        // The writer is another thread's.
        static string Text(StringWriter writer)
        {
            try
            {
                return writer.ToString();
            }
            catch (ArgumentException)
            {
                return "";
            }
        }
    }

    [TestMethod]
    [DataRow("events --after -1", "--after", 2)]
    [DataRow("events --since yesterday", "--since", 2)]
    [DataRow("events --output xml", "--output", 2)]
    [DataRow("events --api nowhere", "--api", 2)]
    [DataRow("events --api http://127.0.0.1:1", "--api", 1)]
    public async Task Events_Wrong_IsOneLine(string commandLine, string named, int expected)
    {
        var (code, output, error) = await RunAsync(commandLine);
        Assert.AreEqual((expected, ""), (code, output), error);
        Assert.Contains(named, error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public async Task Events_UnknownType_SaysWhichThereAre()
    {
        using var api = new ApiHost();
        var (code, _, error) = await RunAsync($"events --api {api.Http.BaseAddress} --type NODE_SNEEZED");
        Assert.AreEqual(1, code);
        Assert.Contains("NODE_HEALTH_CHANGED", error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static Task Append(ApiHost api, string type, string subject, params (string Key, string Value)[] data) =>
        api.Mesh.Events.Append(new() { Type = type, Subject = subject, At = DateTimeOffset.UnixEpoch, Data = data.ToDictionary(d => d.Key, d => d.Value) });

    private static async Task<(int Code, string Output, string Error)> RunAsync(string commandLine)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await InferMeshCommand.RunAsync(commandLine.Split(' '), output, error).WaitAsync(TimeSpan.FromSeconds(60));
        return (code, output.ToString(), error.ToString());
    }
}
