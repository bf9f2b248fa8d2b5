using System.Collections.Concurrent;
using Grpc.Core;
using InferMesh.Adapters.Probing;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Tests.Unit.Adapters.Probing;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class NodeReporterTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    [TestMethod]
    public async Task RunAsync_ApiAnswers_RegistersAndReportsInOrder()
    {
        await using var server = await StatePlaneServer.StartAsync();
        await using var running = Running.Start(server, epoch: 42);
        await Eventually.HoldsAsync(() => server.Reports.Any(report => report.HasRttMs) && server.Reports.Count >= 3, "three reports, one with a round trip");

        var registration = server.Registrations.Single();
        Assert.AreEqual("node-1", registration.NodeId);
        Assert.AreEqual("cell-1", registration.Cell);
        Assert.IsFalse(registration.Synthetic);
        var reports = server.Reports.ToArray();
        CollectionAssert.AreEqual(Enumerable.Range(1, reports.Length).Select(i => (long)i).ToArray(), reports.Select(report => report.Sequence).ToArray());
        Assert.IsTrue(reports.All(report => report.Epoch == 42));
        Assert.AreEqual("m", reports[0].Runtimes.Runtimes[0].Models[0].Labels.Model);
        Assert.AreEqual("GPU-1", reports[0].Gpus.Gpus[0].GpuUuid);
        Assert.IsTrue(reports.Last(report => report.HasRttMs).RttMs is > 0 and < 10_000);
        CollectionAssert.AreEqual(new[] { "connected" }, running.Events.ToArray());
    }

    [TestMethod]
    public async Task RunAsync_ApiSaysWhereItIs_TheNodeFindsItsPlaceAndReportsIt()
    {
        await using var server = await StatePlaneServer.StartAsync();
        server.Place = () => new() { Api = "api-1", Coordinate = new() { Position = { 1, 2, 3 }, HeightMs = 0.1, Error = 0.2 } };
        await using var running = Running.Start(server);
        await Eventually.HoldsAsync(() => server.Reports.Any(report => report.Network?.Coordinate is { Error: < 0.5 }), "a coordinate that says something");
        var network = server.Reports.Last(report => report.Network is not null).Network;
        Assert.HasCount(3, network.Coordinate.Position);
        Assert.AreEqual("api-1", network.Rtts.Single().Api);
        Assert.AreEqual(server.Reports.Last(report => report.HasRttMs).RttMs, network.Rtts[0].RttMs, 5);
        Assert.IsTrue(server.Pings.Any(ping => ping is { NodeId: "node-1", HasRttMs: true, Coordinate.Position.Count: 3 }), "the API learns from it too");
    }

    [TestMethod]
    public async Task RunAsync_TwoApis_MeasuresTheWayToBoth()
    {
        await using var near = await StatePlaneServer.StartAsync();
        await using var far = await StatePlaneServer.StartAsync();
        far.Place = () =>
        {
            Thread.Sleep(60);
            return new() { Api = "far" };
        };
        near.Place = static () => new() { Api = "near", Coordinate = new() { Position = { 0, 0 }, HeightMs = 1, Error = 0.1 } };
        await using var running = Running.Start([near, far]);
        await Eventually.HoldsAsync(() => near.Reports.Any(report => report.Network is { Rtts.Count: 2 }), "two round trips");
        var rtts = near.Reports.Last(report => report.Network is { Rtts.Count: 2 }).Network.Rtts.ToDictionary(rtt => rtt.Api, rtt => rtt.RttMs);
        Assert.IsGreaterThanOrEqualTo(60, rtts["far"]);
        Assert.IsLessThan(rtts["far"], rtts["near"]);
        await far.DownAsync();
        await Eventually.HoldsAsync(() => near.Reports.Last().Network is { Rtts.Count: 1 }, "the one that is away is forgotten");
    }

    [TestMethod]
    public async Task RunAsync_ApiRestartsOnItsPort_RegistersAgainAndTheSequenceGoesOn()
    {
        await using var server = await StatePlaneServer.StartAsync();
        await using var running = Running.Start(server);
        await Eventually.HoldsAsync(() => server.Reports.Count >= 2, "reports");

        await server.DownAsync();
        await Eventually.HoldsAsync(() => running.Events.Contains("lost"), "the loss is noticed");
        var before = server.Reports.Max(report => report.Sequence);
        await server.UpAsync();
        await Eventually.HoldsAsync(() => server.Reports.Any(report => report.Sequence > before), "reports after the restart");
        await Eventually.HoldsAsync(() => running.Events.Contains("reconnected"), "the return is noticed");

        Assert.HasCount(2, server.Registrations);
        var sequences = server.Reports.Select(report => report.Sequence).ToArray();
        CollectionAssert.AreEqual(sequences.Order().Distinct().ToArray(), sequences);
        CollectionAssert.AreEqual(new[] { "connected", "lost", "reconnected" }, running.Events.ToArray());
    }

    [TestMethod]
    public async Task RunAsync_FirstTargetDown_ReportsToTheSecond()
    {
        await using var dead = await StatePlaneServer.StartAsync();
        await dead.DownAsync();
        await using var server = await StatePlaneServer.StartAsync();
        await using var running = Running.Start([dead, server]);
        await Eventually.HoldsAsync(() => !server.Reports.IsEmpty, "a report at the second target");
        Assert.IsEmpty(dead.Reports);
    }

    [TestMethod]
    public async Task RunAsync_NoAcknowledgement_ConnectsAgain()
    {
        await using var server = await StatePlaneServer.StartAsync();
        server.Acknowledges = false;
        await using var running = Running.Start(server);
        await Eventually.HoldsAsync(() => server.Registrations.Count >= 2, "another registration");
        Assert.StartsWith("no acknowledgement for", running.Reasons.First());
        server.Acknowledges = true;
        await Eventually.HoldsAsync(() => running.Events.Contains("reconnected"), "the return");
    }

    [TestMethod]
    public async Task RunAsync_Silent_KeepsTheStreamOpenAndSendsNothing()
    {
        var silent = true;
        await using var server = await StatePlaneServer.StartAsync();
        await using var running = Running.Start(server, silent: () => Volatile.Read(ref silent));
        await Eventually.HoldsAsync(() => server.OpenStreams == 1, "the stream");
        await Task.Delay(10 * Interval);
        Assert.IsEmpty(server.Reports);
        Assert.AreEqual(1, server.OpenStreams);

        Volatile.Write(ref silent, false);
        await Eventually.HoldsAsync(() => !server.Reports.IsEmpty, "a report");
        Assert.HasCount(1, server.Registrations);
    }

    [TestMethod]
    public async Task RunAsync_RegistrationRefused_EndsWithTheFields()
    {
        await using var server = await StatePlaneServer.StartAsync();
        server.Refusal = () => StatePlaneServer.BadFields(("cell", "is bad"), ("zone", "is worse"));
        await using var running = Running.Start(server);
        var exception = await Assert.ThrowsExactlyAsync<RegistrationRejectedException>(() => running.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        CollectionAssert.AreEqual(new[] { "cell: is bad", "zone: is worse" }, exception.Errors.ToArray());
    }

    [TestMethod]
    public async Task RunAsync_ApiNotReadyYet_TriesAgain()
    {
        var tries = 0;
        await using var server = await StatePlaneServer.StartAsync();
        server.Refusal = () => Interlocked.Increment(ref tries) <= 2 ? new RpcException(new Status(StatusCode.Unavailable, "starting")) : null;
        await using var running = Running.Start(server);
        await Eventually.HoldsAsync(() => !server.Reports.IsEmpty, "a report");
        Assert.HasCount(3, server.Registrations);
        Assert.AreEqual("Unavailable: starting", running.Reasons.Single(), "said once, however often it fails");
    }

    [TestMethod]
    public async Task RunAsync_EverySourceHangs_TheAgeGrows()
    {
        await using var server = await StatePlaneServer.StartAsync();
        using var release = new ManualResetEventSlim();
        var source = new FakeGpuSource();
        source.Behaviour = () =>
        {
            if (source.Reads > 1)
                release.Wait();
            return FakeGpuSource.One();
        };
        await using var running = Running.Start([server], probes: new NodeProbeOptions { Gpu = source, GpuInterval = Interval });
        await Eventually.HoldsAsync(() => server.Reports.Any(report => report.AgeMs > 300), "an old report");
        var ages = server.Reports.Select(report => report.AgeMs).ToArray();
        CollectionAssert.AreEqual(ages.Order().ToArray(), ages.ToArray(), "the age of what hangs only grows");
        release.Set();
    }

    [TestMethod]
    public async Task RunAsync_RuntimeTurnsOutSynthetic_RegistersAsSuch()
    {
        var runtime = new FakeRuntimeProbe();
        await using var server = await StatePlaneServer.StartAsync();
        await using var running = Running.Start([server], probes: new NodeProbeOptions { Runtimes = [runtime.Target() with { Interval = Interval }] });
        await Eventually.HoldsAsync(() => !server.Reports.IsEmpty, "a report");
        Assert.IsFalse(server.Registrations.Single().Synthetic);

        runtime.Behaviour = _ => Task.FromResult(FakeRuntimeProbe.Healthy(synthetic: true));
        await Eventually.HoldsAsync(() => server.Registrations.Count == 2, "another registration");
        Assert.IsTrue(server.Registrations.Last().Synthetic);
        Assert.AreEqual("true", server.Registrations.Last().Labels["synthetic"]);
    }

    [TestMethod]
    public async Task RunAsync_Stopped_EndsWithinASecond()
    {
        await using var server = await StatePlaneServer.StartAsync();
        var running = Running.Start(server);
        await Eventually.HoldsAsync(() => !server.Reports.IsEmpty, "a report");
        var started = TimeProvider.System.GetTimestamp();
        await running.DisposeAsync();
        Assert.IsLessThan(TimeSpan.FromSeconds(5), TimeProvider.System.GetElapsedTime(started));
        await Eventually.HoldsAsync(() => server.OpenStreams == 0, "the stream is closed");
    }

    /// <summary>A reporter that runs, with what it said.</summary>
    private sealed class Running : IReporterEvents, IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<StatePlaneTarget> _targets;
        private readonly NodeProbe _probe;

        private Running(IEnumerable<StatePlaneServer> servers, NodeProbeOptions? probes, Func<bool>? silent, long epoch)
        {
            _targets = [.. servers.Select(server => new StatePlaneTarget(server.Address))];
            _probe = NodeProbe.Start(
                probes ?? new NodeProbeOptions
                {
                    Gpu = new FakeGpuSource(),
                    GpuInterval = Interval,
                    Runtimes = [new FakeRuntimeProbe().Target() with { Interval = Interval }],
                },
                TimeProvider.System);
            var options = new ReporterOptions { Interval = Interval, PingInterval = Interval, Epoch = epoch, Silent = silent ?? (() => false) };
            var identity = new NodeIdentity { Node = new() { Id = "node-1", Cell = "cell-1" } };
            Task = new NodeReporter(identity, _probe, _targets, options, this, TimeProvider.System, new Random(1)).RunAsync(_stop.Token);
        }

        public Task Task { get; }

        public ConcurrentQueue<string> Events { get; } = new();

        public ConcurrentQueue<string> Reasons { get; } = new();

        public static Running Start(StatePlaneServer server, Func<bool>? silent = null, long epoch = 1) => new([server], null, silent, epoch);

        public static Running Start(IEnumerable<StatePlaneServer> servers, NodeProbeOptions? probes = null) => new(servers, probes, null, 1);

        void IReporterEvents.Connected(string nodeId, Uri target, TimeSpan? away) => Events.Enqueue(away is null ? "connected" : "reconnected");

        void IReporterEvents.Lost(string nodeId, Uri target, string reason)
        {
            Events.Enqueue("lost");
            Reasons.Enqueue(reason);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _probe.DisposeAsync();
            _targets.ForEach(target => target.Dispose());
            _stop.Dispose();
        }
    }
}
