using CsCheck;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Nodes;

namespace InferMesh.Tests.Unit.Grains.Nodes;

[TestClass]
public sealed class NodeTelemetryFoldTests
{
    [TestMethod]
    public void Take_NewerBatch_Replaces()
    {
        var fold = new NodeTelemetryFold();
        Assert.IsTrue(fold.Take(Runtimes(1, 1, 3)));
        Assert.IsTrue(fold.Take(Runtimes(1, 2, 5)));
        Assert.AreEqual(6, fold.Work);
        Assert.AreEqual((1L, 2L), fold.Mark);
    }

    [TestMethod]
    [DataRow(1, 2)]
    [DataRow(1, 1)]
    [DataRow(0, 99)]
    [DataRow(-1, -1)]
    public void Take_NotNewer_IsCountedAndDropped(long epoch, long sequence)
    {
        var fold = new NodeTelemetryFold();
        fold.Take(Runtimes(1, 2, 3));
        Assert.IsFalse(fold.Take(Runtimes(epoch, sequence, 9)));
        Assert.AreEqual(1, fold.Dropped);
        Assert.AreEqual(4, fold.Work);
    }

    [TestMethod]
    public void Take_RestartedAgent_BeginsItsSequenceAnew()
    {
        var fold = new NodeTelemetryFold();
        fold.Take(Runtimes(1, 500, 3));
        Assert.IsTrue(fold.Take(Runtimes(2, 1, 7)));
        Assert.AreEqual(8, fold.Work);
    }

    [TestMethod]
    public void Take_PartsInBatchesOfTheirOwn_KeepNumbersOfTheirOwn()
    {
        var fold = new NodeTelemetryFold();
        fold.Take(Runtimes(1, 10, 3));
        Assert.IsTrue(fold.Take(Gpus(1, 4)), "GPU readings have not been newer yet");
        Assert.IsFalse(fold.Take(Gpus(1, 4)));
        Assert.IsTrue(fold.Take(Runtimes(1, 11, 4)));
        Assert.AreEqual((1L, 11L), fold.Mark);
        Assert.HasCount(1, fold.Gpus);
    }

    [TestMethod]
    public void Take_BatchWithoutReadings_IsDropped()
    {
        var fold = new NodeTelemetryFold();
        Assert.IsFalse(fold.Take(new() { NodeId = "n", Epoch = 1, Sequence = 1, SampledAt = Fleet.Start }));
        Assert.IsNull(fold.SampledAt);
    }

    [TestMethod]
    public void Take_SampleTime_NeverGoesBack()
    {
        var fold = new NodeTelemetryFold();
        fold.Take(Runtimes(1, 1, 0) with { SampledAt = Fleet.Start.AddSeconds(5) });
        fold.Take(Runtimes(1, 2, 0) with { SampledAt = Fleet.Start });
        Assert.AreEqual(Fleet.Start.AddSeconds(5), fold.SampledAt);
    }

    [TestMethod]
    public void Take_RoundTripNotSaid_KeepsTheLast()
    {
        var fold = new NodeTelemetryFold();
        fold.Take(Runtimes(1, 1, 0) with { RttMs = 3 });
        fold.Take(Runtimes(1, 2, 0));
        Assert.AreEqual(3, fold.RttMs);
    }

    [TestMethod]
    public void Take_NetworkAndStorageNotSaid_KeepsTheLast()
    {
        var fold = new NodeTelemetryFold();
        fold.Take(Runtimes(1, 1, 0) with { Network = new() { Rtts = [new("api", 3)] }, Storage = [new() { Name = "scratch" }] });
        fold.Take(Runtimes(1, 2, 0));
        Assert.AreEqual(("api", "scratch"), (fold.Network!.Rtts[0].Api, fold.Storage[0].Name));
        fold.Take(Runtimes(1, 3, 0) with { Network = new(), Storage = [] });
        Assert.IsEmpty(fold.Network.Rtts);
        Assert.IsEmpty(fold.Storage);
    }

    [TestMethod]
    public void Work_NobodySays_IsUnknownNotZero()
    {
        var fold = new NodeTelemetryFold();
        Assert.IsNull(fold.Work);
        fold.Take(Runtimes(1, 1, 0) with { Runtimes = [new() { Runtime = "vllm", Endpoint = "e", Models = [new() { Model = "m" }] }] });
        Assert.IsNull(fold.Work);
        fold.Take(Runtimes(1, 2, 0) with { Runtimes = [new() { Runtime = "vllm", Endpoint = "e", Models = [new() { Model = "m" }, new() { Model = "n", Running = 2 }] }] });
        Assert.AreEqual(2, fold.Work);
    }

    [TestMethod]
    public void Work_OneRuntimeUnread_IsUnknown()
    {
        var fold = new NodeTelemetryFold();
        fold.Take(Runtimes(1, 1, 0) with { Runtimes = [Fleet.Runtime("n", 2), new() { Runtime = "vllm", Endpoint = "e", Healthy = false, Error = "timeout" }] });
        Assert.IsNull(fold.Work);
        fold.Take(Runtimes(1, 2, 0) with { Runtimes = [new() { Runtime = "vllm", Endpoint = "e", Healthy = true }] });
        Assert.AreEqual(0, fold.Work, "a healthy runtime without models holds nothing");
        fold.Take(Runtimes(1, 3, 0) with { Runtimes = [] });
        Assert.AreEqual(0, fold.Work, "there is no runtime");
    }

    [TestMethod]
    public void IdleAfter_OlderRuntimeReading_IsNotMadeNewerByGpus()
    {
        var moment = Fleet.Start + TimeSpan.FromSeconds(1);
        var fold = new NodeTelemetryFold();
        fold.Take(Idle(1, Fleet.Start));
        fold.Take(Gpus(1, 2) with { SampledAt = moment + TimeSpan.FromSeconds(1) });
        Assert.IsFalse(fold.IdleAfter(moment));
        fold.Take(Idle(3, moment + TimeSpan.FromSeconds(1)));
        Assert.IsTrue(fold.IdleAfter(moment));

        // A node without runtimes says so once; its GPUs go on.
        fold.Take(Runtimes(1, 4, 0) with { Runtimes = [] });
        Assert.IsFalse(fold.IdleAfter(moment + TimeSpan.FromSeconds(2)));
        fold.Take(Gpus(1, 5) with { SampledAt = moment + TimeSpan.FromSeconds(3) });
        Assert.IsTrue(fold.IdleAfter(moment + TimeSpan.FromSeconds(2)));

        static NodeTelemetry Idle(long sequence, DateTimeOffset at) => Runtimes(1, sequence, 0) with
        {
            SampledAt = at,
            Runtimes = [new() { Runtime = "vllm", Endpoint = "e", Healthy = true, Models = [new() { Model = "m", Running = 0, Waiting = 0 }] }],
        };
    }

    [TestMethod]
    public void Totals_UnknownReadings_StayUnknown()
    {
        var fold = new NodeTelemetryFold();
        Assert.AreEqual((0, null, null, null), (fold.Totals().Count, fold.Totals().SmUtilization, fold.Totals().MaxTemperatureCelsius, fold.Totals().PowerWatts));
        fold.Take(Gpus(1, 1) with { Gpus = [new() { GpuUuid = "a", Name = "H100", VramTotalBytes = 80, SmUtilization = 0.5, PowerWatts = 300 }, new() { GpuUuid = "b" }] });
        var totals = fold.Totals();
        Assert.AreEqual((2, "H100", 80L, 0.5, 300.0), (totals.Count, totals.Name, totals.VramTotalBytes, totals.SmUtilization, totals.PowerWatts));
        Assert.IsNull(totals.MaxTemperatureCelsius);
    }

    [TestMethod]
    public void Take_AnyOrderAndRepetition_EndsWithTheNewest() => Gen.Select(Gen.Int[0, 3], Gen.Int[0, 9]).Array[1, 40].Sample(static batches =>
    {
        var fold = new NodeTelemetryFold();
        foreach (var (epoch, sequence) in batches) fold.Take(Runtimes(epoch, sequence, epoch * 100 + sequence));
        var (e, s) = batches.Max();
        Assert.AreEqual(((long)e, (long)s), fold.Mark);
        Assert.AreEqual(e * 100 + s + 1, fold.Work);
    });

    private static NodeTelemetry Runtimes(long epoch, long sequence, double running) =>
        new() { NodeId = "n", Epoch = epoch, Sequence = sequence, SampledAt = Fleet.Start, Runtimes = [Fleet.Runtime("n", running)] };

    private static NodeTelemetry Gpus(long epoch, long sequence) =>
        new() { NodeId = "n", Epoch = epoch, Sequence = sequence, SampledAt = Fleet.Start, Gpus = [new() { GpuUuid = "GPU-1" }] };
}
