using System.Threading.Channels;
using InferMesh.Cli;
using InferMesh.Cli.Operator;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api;
using InferMesh.Tests.Unit.Api.Fakes;
using Spectre.Console;

namespace InferMesh.Tests.Unit.Cli.Operator;

/// <summary>Commands that go on: <c>--watch</c>, <c>stats</c> and <c>top</c>.</summary>
[TestClass]
public sealed class LiveTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [TestMethod]
    public async Task Watch_OfAList_ShowsWhatChangesAndWhatIsGone()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        await using var running = new Running(api, "list-nodes", "--watch", "--interval", "100ms");
        await running.UntilAsync(static text => text.Contains("n3", StringComparison.Ordinal));
        var cells = api.Mesh.Cells;
        cells["c2"].Nodes.Health[0] = NodeHealth.Draining;
        await running.UntilAsync(static text => text.Contains("draining", StringComparison.Ordinal));
        cells.Remove("c2");
        await running.UntilErrorAsync(static text => text.Contains("node/n3 is gone", StringComparison.Ordinal));
        Assert.AreEqual(0, await running.StopAsync());
        var lines = running.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(5, lines, running.Output);
        StringAssert.Matches(lines[4], new("^n3 +c2 +draining "));
    }

    [TestMethod]
    public async Task Watch_OfOneObject_ShowsItAgainWhenItChanges()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        await using var running = new Running(api, "describe-node", "n2", "-o", "json", "-w", "--interval", "100ms");
        await running.UntilAsync(static text => text.Contains("fan replacement", StringComparison.Ordinal));
        await api.Mesh.Node("n2").Uncordon("ann");
        await running.UntilAsync(static text => text.Contains("\"health\":\"ready\"", StringComparison.Ordinal));
        Assert.AreEqual(0, await running.StopAsync());
        Assert.HasCount(2, running.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public async Task Watch_ApiFailsForAWhile_SaysSoOnceAndGoesOn()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        await using var running = new Running(api, "describe-node", "n2", "-o", "name", "-w", "--interval", "100ms");
        await running.UntilAsync(static text => text.Contains("node/n2", StringComparison.Ordinal));
        for (var i = 0; i < 12; i++) api.Mesh.Failures.Enqueue(new TimeoutException("lost"));
        await running.UntilErrorAsync(static text => text.Contains("trying again", StringComparison.Ordinal));
        await Eventually.HoldsAsync(() => api.Mesh.Failures.IsEmpty, "the API is back");
        Assert.AreEqual(0, await running.StopAsync());
    }

    [TestMethod]
    public async Task Watch_OfAListThatIsCut_TakesNothingBehindTheCutForGone()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        await using var running = new Running(api, "list-nodes", "--limit", "2", "--watch", "--interval", "100ms");
        await running.UntilAsync(static text => text.Contains("n2", StringComparison.Ordinal));
        api.Mesh.Cells["c0"] = Cells.Of("c0", "z0", Cells.Node("n0", "c0"));
        await running.UntilAsync(static text => text.Contains("n0", StringComparison.Ordinal));
        // The look that shows this comes after the one that found n2 behind the cut.
        api.Mesh.Cells["c0"].Nodes.Health[0] = NodeHealth.Draining;
        await running.UntilAsync(static text => text.Contains("draining", StringComparison.Ordinal));
        Assert.DoesNotContain("is gone", running.Errors);
        Assert.AreEqual(0, await running.StopAsync());
    }

    [TestMethod]
    public async Task EventsFollowed_ApiFailsForAWhile_GoOn()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        await using var running = new Running(api, "events", "--follow");
        await api.Mesh.Events.Append(new() { Type = EventTypes.NodeLeft, Subject = "n7" });
        await running.UntilAsync(static text => text.Contains("n7", StringComparison.Ordinal));
        await FailForAWhileAsync(api, running);
        await api.Mesh.Events.Append(new() { Type = EventTypes.NodeLeft, Subject = "n8" });
        await running.UntilAsync(static text => text.Contains("n8", StringComparison.Ordinal));
        Assert.AreEqual(0, await running.StopAsync());
    }

    [TestMethod]
    public async Task Stats_ApiFailsForAWhile_GoOn()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        await using var running = new Running(api, "stats", "--interval", "100ms", "-o", "json");
        await running.UntilAsync(static text => text.Contains("readyNodes", StringComparison.Ordinal));
        await FailForAWhileAsync(api, running);
        var lines = running.Output.Split('\n').Length;
        await running.UntilAsync(text => text.Split('\n').Length > lines + 1);
        Assert.AreEqual(0, await running.StopAsync());
    }

    [TestMethod]
    [DataRow(0, true)]
    [DataRow(429, true)]
    [DataRow(503, true)]
    [DataRow(400, false)]
    [DataRow(403, false)]
    [DataRow(404, false)]
    public void Patience_BearsWhatPasses_AndNotForEver(int status, bool bears)
    {
        var patience = new Patience(TextWriter.Null);
        var failure = new CommandFailedException("no") { Status = status };
        for (var i = 0; i < 29; i++) Assert.AreEqual(bears, patience.Bears(failure));
        Assert.IsFalse(patience.Bears(failure));
    }

    private static async Task FailForAWhileAsync(ApiHost api, Running running)
    {
        for (var i = 0; i < 12; i++) api.Mesh.Failures.Enqueue(new TimeoutException("lost"));
        await running.UntilErrorAsync(static text => text.Contains("trying again", StringComparison.Ordinal));
        await Eventually.HoldsAsync(() => api.Mesh.Failures.IsEmpty, "the API is back");
    }

    [TestMethod]
    public async Task Stats_TwoLines_HaveRatesOfWhatHappenedBetween()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        using var session = new Session(api);
        var lines = (await session.RunAsync("stats", "--iterations", "2", "--interval", "100ms", "-o", "json")).Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(2, lines);
        var line = System.Text.Json.JsonDocument.Parse(lines[1]).RootElement;
        Assert.AreEqual((12.0, 6.0, 2.0, 3.0), (line.GetProperty("running").GetDouble(), line.GetProperty("waiting").GetDouble(), line.GetProperty("readyNodes").GetDouble(), line.GetProperty("nodes").GetDouble()));
        Assert.AreEqual(0.0, line.GetProperty("requestsPerSecond").GetDouble());
        var table = (await session.RunAsync("stats", "--iterations", "1", "--interval", "100ms")).Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        StringAssert.Matches(table[0], new("^TIME +REQ/S +ERR/S +SHED/S +TTFT P50 +TTFT P95 +QUEUED/S +QUEUE MEAN +HEDGES/S +FAILOVERS/S +ACTIVE +RUNNING +WAITING +LOAD +TOKENS/S +READY$"));
        StringAssert.EndsWith(table[1], "2/3");
    }

    [TestMethod]
    public async Task Top_OnATerminal_AnswersKeysAndQuits()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        var keys = new Keys();
        await using var running = new Running(api, keys, "top", "--interval", "1h");
        await running.UntilAsync(static text => text.Contains("NODE", StringComparison.Ordinal) && text.Contains("q quit", StringComparison.Ordinal));
        keys.Press('m');
        await running.UntilAsync(static text => text.Contains("org/llama", StringComparison.Ordinal));
        keys.Press('c');
        await running.UntilAsync(static text => text.Contains("CELL", StringComparison.Ordinal));
        keys.Press('q');
        Assert.AreEqual(0, await running.EndAsync());
        Assert.StartsWith("\u001b[?1049h", running.Output);
        Assert.EndsWith("\u001b[?1049l", running.Output);
    }

    [TestMethod]
    public async Task Top_ApiSilent_QuitsAtOnce()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        var keys = new Keys();
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        await using var running = new Running($"http://{silent.LocalEndpoint}", keys, "top");
        await running.UntilAsync(static text => text.Contains("...", StringComparison.Ordinal));
        keys.Press('q');
        Assert.AreEqual(0, await running.EndAsync().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [TestMethod]
    public async Task Tables_OnATerminal_HaveColoursUnlessSomebodyWantsNone()
    {
        using var api = new ApiHost(await SnapshotMesh.CreateAsync());
        using var session = new Session(api) { IsTerminal = true };
        StringAssert.Contains((await session.RunAsync("list-nodes")).Expect(0).Output, "\u001b[");
        StringAssert.Contains((await session.RunAsync("describe-node", "n1")).Expect(0).Output, "n1");
        session.Variables["NO_COLOR"] = "1";
        Assert.DoesNotContain('\u001b', (await session.RunAsync("list-nodes")).Expect(0).Output);
        session.Variables.Remove("NO_COLOR");
        session.IsTerminal = false;
        Assert.DoesNotContain('\u001b', (await session.RunAsync("list-nodes")).Expect(0).Output);
    }

    /// <summary>Keys that a test presses.</summary>
    private sealed class Keys : IAnsiConsoleInput
    {
        private readonly Channel<ConsoleKeyInfo> _pressed = Channel.CreateUnbounded<ConsoleKeyInfo>();

        public void Press(char key) => _pressed.Writer.TryWrite(new(key, default, false, false, false));

        public bool IsKeyAvailable() => _pressed.Reader.TryPeek(out _);

        public ConsoleKeyInfo? ReadKey(bool intercept) => _pressed.Reader.TryRead(out var key) ? key : null;

        public async Task<ConsoleKeyInfo?> ReadKeyAsync(bool intercept, CancellationToken cancellationToken) => await _pressed.Reader.ReadAsync(cancellationToken);
    }

    /// <summary>A command that goes on until it is stopped.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Lines _output = new();
        private readonly Lines _error = new();
        private readonly Task<int> _run;

        public Running(ApiHost api, params string[] args)
            : this(api.Http.BaseAddress!.ToString(), null, args)
        {
        }

        public Running(ApiHost api, Keys keys, params string[] args)
            : this(api.Http.BaseAddress!.ToString(), keys, args)
        {
        }

        public Running(string address, Keys? keys, params string[] args)
        {
            var shell = new Shell { Output = _output, Error = _error, Variable = name => name == "INFERMESH_API" ? address : null, IsTerminal = keys is not null, Size = (120, 40), Keys = () => keys };
            _run = Task.Run(() => InferMeshCommand.RunAsync(InferMeshCommand.Create(), args, shell, _stop.Token));
        }

        public string Output => _output.Text;

        public string Errors => _error.Text;

        public Task UntilAsync(Func<string, bool> condition) => UntilAsync(_output, condition);

        public Task UntilErrorAsync(Func<string, bool> condition) => UntilAsync(_error, condition);

        public async Task<int> StopAsync()
        {
            await _stop.CancelAsync();
            return await EndAsync();
        }

        public Task<int> EndAsync() => _run.WaitAsync(Patience);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await ((Task)_run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private Task UntilAsync(Lines lines, Func<string, bool> condition) =>
            Eventually.HoldsAsync(() => condition(lines.Text) ? true : _run.IsCompleted ? throw new InvalidOperationException($"it ended: {_output.Text}{_error.Text}") : false, "what it prints");
    }

    /// <summary>A writer of one thread that another reads.</summary>
    private sealed class Lines : StringWriter
    {
        private readonly Lock _gate = new();

        public string Text
        {
            get
            {
                lock (_gate) return base.ToString();
            }
        }

        public override void Write(char value)
        {
            lock (_gate) base.Write(value);
        }

        public override void Write(string? value)
        {
            lock (_gate) base.Write(value);
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (_gate) base.Write(buffer, index, count);
        }

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }

        public override void WriteLine(string? value) => Write(value + "\n");
    }
}
