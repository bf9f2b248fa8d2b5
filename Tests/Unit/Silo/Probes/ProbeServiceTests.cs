using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Silo.Probes;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Silo.Probes;

[TestClass]
public sealed class ProbeServiceTests
{
    [TestMethod]
    public async Task Start_RegistersThenPublishesInOrder()
    {
        var sink = new FakeSink();
        using var service = await StartAsync(sink);
        await Eventually.HoldsAsync(() => sink.Batches.Count >= 3, "batches");
        Assert.AreEqual("n1", sink.Registrations.Single().NodeId);
        Assert.AreEqual("rack-1", sink.Registrations.Single().CellId);
        var batches = sink.Batches.ToArray();
        CollectionAssert.AreEqual(Enumerable.Range(1, batches.Length).Select(i => (long)i).ToArray(), batches.Select(batch => batch.Sequence).ToArray());
        Assert.IsTrue(batches.All(batch => batch.NodeId == "n1" && batch.Epoch == batches[0].Epoch && batch.Runtimes is not null));
        Assert.IsFalse(batches[0].Runtimes![0].Healthy, "nothing listens there");
        await service.StopAsync(CancellationToken.None);
    }

    [TestMethod]
    public async Task Publish_ClusterFails_GoesOnWithTheNewest()
    {
        var sink = new FakeSink { Fails = true };
        using var service = await StartAsync(sink);
        await Eventually.HoldsAsync(() => sink.Failures >= 1, "batches");
        sink.Fails = false;
        await Eventually.HoldsAsync(() => sink.Batches.Count >= 2, "batches");
        await service.StopAsync(CancellationToken.None);
    }

    [TestMethod]
    public async Task Register_Refused_PublishesNothing()
    {
        var sink = new FakeSink { Errors = [new FieldError("cell", "is bad")] };
        using var service = await StartAsync(sink);
        await service.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.IsEmpty(sink.Batches);
    }

    private static async Task<ProbeService> StartAsync(FakeSink sink)
    {
        var settings = new ProbeSettings
        {
            Enabled = true,
            NodeId = "n1",
            Cell = "rack-1",
            Interval = TimeSpan.FromMilliseconds(100),
            Runtimes = { new RuntimeProbeSettings { Endpoint = "http://127.0.0.1:1", Timeout = TimeSpan.FromSeconds(1) } },
        };
        var service = new ProbeService(settings, sink, TimeProvider.System, NullLogger<ProbeService>.Instance);
        await service.StartAsync(CancellationToken.None);
        return service;
    }

    private sealed class FakeSink : ITelemetrySink
    {
        private int _failures;

        public ConcurrentQueue<NodeRegistration> Registrations { get; } = new();

        public ConcurrentQueue<NodeTelemetry> Batches { get; } = new();

        public IReadOnlyList<FieldError> Errors { get; init; } = [];

        public bool Fails { get; set; }

        public int Failures => Volatile.Read(ref _failures);

        public Task<IReadOnlyList<FieldError>> RegisterAsync(NodeRegistration registration)
        {
            Registrations.Enqueue(registration);
            return Task.FromResult(Errors);
        }

        public Task PublishAsync(NodeTelemetry telemetry)
        {
            if (Fails)
            {
                Interlocked.Increment(ref _failures);
                throw new TimeoutException("the cluster does not answer");
            }

            Batches.Enqueue(telemetry);
            return Task.CompletedTask;
        }
    }
}
