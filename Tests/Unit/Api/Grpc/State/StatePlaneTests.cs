extern alias cli;
using cli::InferMesh.State.V1;
using Grpc.Core;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Grpc.State;

[TestClass]
public sealed class StatePlaneTests
{
    [TestMethod]
    public async Task ReportNode_Batches_ArePublishedThenAcknowledged()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new StatePlane.StatePlaneClient(api.Channel);
        Assert.AreEqual(1, (await client.RegisterNodeAsync(new() { NodeId = "n1", Cell = "c1" })).Version);
        using var call = client.ReportNode();
        var before = DateTimeOffset.UtcNow;

        for (var i = 1; i <= 3; i++)
        {
            await call.RequestStream.WriteAsync(Report(i));
            Assert.IsTrue(await call.ResponseStream.MoveNext().WaitAsync(TimeSpan.FromSeconds(10)));
            Assert.AreEqual((5L, (long)i), (call.ResponseStream.Current.Epoch, call.ResponseStream.Current.Sequence));
        }
        await call.RequestStream.CompleteAsync();
        Assert.IsFalse(await call.ResponseStream.MoveNext());

        var first = api.Publisher.Published.First();
        Assert.AreEqual(3, api.Publisher.Published.Count);
        Assert.IsTrue(first.SampledAt >= before.AddSeconds(-2) && first.SampledAt < before.AddSeconds(8), "Dated by this clock, less the age.");
        Assert.AreEqual((80L << 30, 0.25, (double?)null), (first.Gpus![0].VramTotalBytes, first.Gpus[0].SmUtilization, first.Gpus[0].PowerWatts));
        var model = first.Runtimes![0].Models[0];
        Assert.AreEqual(("m", 2.0, 0.5, true, 4.0), (model.Model, model.Waiting, model.TtftSeconds, model.Loaded, model.Running));
        Assert.IsNull(model.KvCacheUsage);
    }

    [TestMethod]
    public async Task ReportNode_BadBatch_NamesEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportNode();
        var report = Report(1);
        report.AgeMs = double.NaN;
        report.Epoch = -1;
        report.RttMs = double.PositiveInfinity;
        await call.RequestStream.WriteAsync(report);
        var header = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, () => call.ResponseStream.MoveNext());
        CollectionAssert.AreEquivalent(new[] { "age_ms", "epoch", "rtt_ms" }, RpcAssert.Fields(header));

        using var second = new StatePlane.StatePlaneClient(api.Channel).ReportNode();
        report = Report(1);
        report.Gpus.Gpus[0].SmUtilization = 1.5;
        report.Gpus.Gpus.Add(report.Gpus.Gpus[0].Clone());
        report.Gpus.Gpus[1].VramUsedGb = double.NaN;
        report.Runtimes.Runtimes[0].Endpoint = "file:///x";
        report.Runtimes.Runtimes[0].Models[0].QueueDepth = -1;
        report.Runtimes.Runtimes[0].Models[0].Labels.Model = "";
        await second.RequestStream.WriteAsync(report);
        var content = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, () => second.ResponseStream.MoveNext());
        CollectionAssert.AreEquivalent(
            new[]
            {
                "gpus.gpus[0].sm_utilization", "gpus.gpus[1].gpu_uuid", "gpus.gpus[1].sm_utilization", "gpus.gpus[1].vram_used_gb", "runtimes.runtimes[0].endpoint",
                "runtimes.runtimes[0].models[0].queue_depth", "runtimes.runtimes[0].models[0].labels.model",
            },
            RpcAssert.Fields(content));
        Assert.IsEmpty(api.Publisher.Published);
    }

    [TestMethod]
    public async Task ReportNode_NetworkAndStorage_ArePublished()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportNode();
        var report = Report(1);
        report.Network = new()
        {
            Coordinate = new() { Position = { 1, -2 }, HeightMs = 0.5, Error = 0.25 },
            Rtts = { new RttSample { Api = "api-1", RttMs = 3 } },
            Links = { new LinkState { Port = "mlx5_0/1", State = "ACTIVE", RateBytesPerSecond = 5e10, LossPerSecond = 0 } },
        };
        report.Storage = new() { Storages = { new StorageState { Name = "scratch", Kind = "file", Healthy = true, LatencySeconds = 0.002, ReadMayBeCached = true, AgeMs = 30_000 } } };
        await call.RequestStream.WriteAsync(report);
        Assert.IsTrue(await call.ResponseStream.MoveNext().WaitAsync(TimeSpan.FromSeconds(10)));

        var telemetry = api.Publisher.Published.Single();
        var network = telemetry.Network!;
        CollectionAssert.AreEqual(new[] { 1.0, -2 }, network.Coordinate!.Position);
        Assert.AreEqual((0.5, 0.25, "api-1", 3.0), (network.Coordinate.HeightMs, network.Coordinate.Error, network.Rtts[0].Api, network.Rtts[0].RttMs));
        Assert.AreEqual(("mlx5_0/1", 5e10, 0.0, (double?)null), (network.Links[0].Port, network.Links[0].RateBytesPerSecond!.Value, network.Links[0].LossPerSecond!.Value, network.Links[0].CongestionPerSecond));
        var storage = telemetry.Storage!.Single();
        Assert.AreEqual(("scratch", true, 0.002, true, (double?)null), (storage.Name, storage.Healthy, storage.LatencySeconds!.Value, storage.ReadMayBeCached!.Value, storage.WriteBytesPerSecond));
        Assert.IsTrue(storage.SampledAt < telemetry.SampledAt, "of its own age");
    }

    [TestMethod]
    public async Task ReportNode_BadNetworkAndStorage_NamesEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportNode();
        var report = Report(1);
        report.Network = new()
        {
            Coordinate = new() { Position = { double.NaN }, HeightMs = 0, Error = 1.5 },
            Rtts = { new RttSample { Api = "", RttMs = -1 } },
            Links = { new LinkState { Port = "", TransmitBytesPerSecond = double.PositiveInfinity } },
        };
        report.Storage = new() { Storages = { new StorageState { Name = "", FreeBytes = -1, AgeMs = double.NaN } } };
        await call.RequestStream.WriteAsync(report);
        CollectionAssert.AreEquivalent(
            new[]
            {
                "network.coordinate.position", "network.coordinate.height_ms", "network.coordinate.error", "network.rtts[0].api", "network.rtts[0].rtt_ms", "network.links[0].port",
                "network.links[0].transmit_bytes_per_second", "storage.storages[0].name", "storage.storages[0].free_bytes", "storage.storages[0].age_ms",
            },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, () => call.ResponseStream.MoveNext())));
        Assert.IsEmpty(api.Publisher.Published);
    }

    [TestMethod]
    public async Task Ping_NodeThatMeasures_MovesTheApi()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new StatePlane.StatePlaneClient(api.Channel);
        var first = await client.PingAsync(new() { NodeId = "n1" });
        Assert.AreEqual((Environment.MachineName, 2, 1.0), (first.Api, first.Coordinate.Position.Count, first.Coordinate.Error));

        var node = new Coordinate { Position = { 30, 40 }, HeightMs = 1, Error = 0.1 };
        // What is published moves once a second.
        await Eventually.HoldsAsync(() => client.Ping(new() { NodeId = "n1", Coordinate = node, RttMs = 20 }).Coordinate is { Error: < 0.5 } at && Rtt(at, node) is > 15 and < 25, "it is where the node measures it");
        await client.PingAsync(new() { NodeId = "n2", Coordinate = new() { Position = { 1, 2, 3 }, HeightMs = 1, Error = 0.1 }, RttMs = 500 });
        Assert.IsLessThan(25, Rtt((await client.PingAsync(new() { NodeId = "n1" })).Coordinate, node), "another space teaches nothing");

        static double Rtt(Coordinate a, Coordinate b) => Math.Sqrt(a.Position.Zip(b.Position, (x, y) => (x - y) * (x - y)).Sum()) + a.HeightMs + b.HeightMs;
    }

    [TestMethod]
    public async Task Ping_Bad_NamesEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var call = new StatePlane.StatePlaneClient(api.Channel).PingAsync(new() { NodeId = "?", RttMs = 0, Coordinate = new() { HeightMs = 1, Error = 1 } });
        CollectionAssert.AreEquivalent(new[] { "node_id", "rtt_ms", "coordinate.position" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, call)));
    }

    [TestMethod]
    public async Task Ping_ByAStranger_MovesNothing()
    {
        await using var api = await ApiUnderTest.StartAsync();
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, new StatePlane.StatePlaneClient(api.Channel).PingAsync(new() { NodeId = "n1" }, ApiUnderTest.Stranger));
    }

    [TestMethod]
    public async Task ReportGpuState_TooMany_IsRefused()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportGpuState();
        await call.RequestStream.WriteAsync(new() { NodeId = "n1", Gpus = new() { Gpus = { Enumerable.Range(0, 1025).Select(i => new GpuState { GpuUuid = $"g{i}" }) } } });

        Assert.AreEqual("gpus.gpus", RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, () => call.ResponseStream.MoveNext())).Single());
    }

    [TestMethod]
    public async Task ReportModelState_UnregisteredNode_IsNotFound()
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportModelState();
        await call.RequestStream.WriteAsync(new() { NodeId = "n1", Runtimes = new() });

        await RpcAssert.FailsAsync(StatusCode.NotFound, () => call.ResponseStream.MoveNext());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task ReportNode_ClusterDoesNotTakeIt_EndsUnavailableWithoutAck(bool hangs)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        api.Publisher.OnPublish = _ => hangs ? new TaskCompletionSource().Task : throw new TimeoutException("gone");
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportNode();
        await call.RequestStream.WriteAsync(Report(1));

        await RpcAssert.FailsAsync(StatusCode.Unavailable, () => call.ResponseStream.MoveNext().WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [TestMethod]
    public async Task ReportNode_ByAStranger_PublishesNothing()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        using var call = new StatePlane.StatePlaneClient(api.Channel).ReportNode(ApiUnderTest.Stranger);

        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, () => call.ResponseStream.MoveNext());
        Assert.IsEmpty(api.Publisher.Published);
    }

    [TestMethod]
    public async Task RegisterNode_BadInput_NamesEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var call = new StatePlane.StatePlaneClient(api.Channel).RegisterNodeAsync(new() { NodeId = "a b", Cell = "", Zone = "?", Roles = { "cpu" } });

        CollectionAssert.AreEquivalent(new[] { "node_id", "cell", "zone", "roles" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, call)));
    }

    [TestMethod]
    public async Task Reads_KnownAndUnknown_AnswerOrNotFound()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1", models: new ModelSample { Model = "m", Running = 2, MaxConcurrency = 8 }), FakeFleet.Node("n2", "c2", models: new ModelSample { Model = "o" }));
        var client = new StatePlane.StatePlaneClient(api.Channel);

        Assert.AreEqual(0.25, (await client.GetModelStateAsync(new() { NodeId = "n1", Model = "m" })).BatchFullness);
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetModelStateAsync(new() { NodeId = "n1", Model = "x" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetModelStateAsync(new() { NodeId = "n9", Model = "m" }));
        Assert.AreEqual(2, (await client.ListModelStatesAsync(new())).States.Count);
        Assert.AreEqual(("n2", "o"), (await client.ListModelStatesAsync(new() { Model = "o" })).States.Single() is var s ? (s.Labels.Node, s.Labels.Model) : default);
        Assert.AreEqual(80.0, (await client.GetGpuStateAsync(new() { GpuUuid = "GPU-n2" })).VramTotalGb);
        await RpcAssert.FailsAsync(StatusCode.NotFound, client.GetGpuStateAsync(new() { NodeId = "n1", GpuUuid = "GPU-n2" }));
        Assert.AreEqual(2, (await client.ListGpuStatesAsync(new())).States.Count);
    }

    [TestMethod]
    public async Task ListModelStates_NotLoadable_HasNoColdStart()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1", models: [new ModelSample { Model = "cold", Loaded = false, ColdStartSeconds = 30 }, new ModelSample { Model = "shelved", Loaded = false }]));
        var client = new StatePlane.StatePlaneClient(api.Channel);

        Assert.AreEqual(30, (await client.ListModelStatesAsync(new() { Model = "cold" })).States.Single().ColdStartSeconds);
        Assert.IsFalse((await client.ListModelStatesAsync(new() { Model = "shelved" })).States.Single().HasColdStartSeconds);
    }

    private static NodeReport Report(long sequence) => new()
    {
        NodeId = "n1",
        Epoch = 5,
        Sequence = sequence,
        AgeMs = 2000,
        Gpus = new() { Gpus = { new GpuState { GpuUuid = "g1", VramTotalGb = 80, SmUtilization = 0.25 } } },
        Runtimes = new()
        {
            Runtimes =
            {
                new RuntimeState
                {
                    Runtime = "vllm",
                    Endpoint = "http://10.0.0.1:8000",
                    Healthy = true,
                    Models = { new ModelState { Labels = new() { Model = "m" }, QueueDepth = 2, TtftMeanMs = 500, BatchFullness = 0.5, MaxConcurrency = 8 } },
                },
            },
        },
    };
}
