using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Storage;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Tests.Unit.Adapters.Probing;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class ReportingPartsTests
{
    [TestMethod]
    public void Backoff_ManyFailures_DoublesItsCeilingUpToTheMost()
    {
        var backoff = new Backoff(new Highest());
        var waits = Enumerable.Range(0, 40).Select(_ => backoff.Next().TotalMilliseconds).ToArray();
        CollectionAssert.AreEqual(new[] { 250.0, 500, 1000, 2000, 4000, 8000, 10_000, 10_000 }, waits.Take(8).Select(wait => Math.Round(wait)).ToArray());
        Assert.IsLessThanOrEqualTo(10_000, waits.Max());
        backoff.Reset();
        Assert.AreEqual(250, backoff.Next().TotalMilliseconds, 1);
    }

    [TestMethod]
    public void Backoff_FullJitter_ReachesFromZeroToTheCeiling()
    {
        var random = new Random(7);
        var waits = Enumerable.Range(0, 1000).Select(_ => new Backoff(random).Next().TotalMilliseconds).ToArray();
        Assert.IsLessThan(10, waits.Min());
        Assert.IsGreaterThan(240, waits.Max());
        Assert.AreEqual(125, waits.Average(), 10);
    }

    [TestMethod]
    public void RttWindow_ElevenRoundTrips_ForgetsTheFirst()
    {
        var window = new RttWindow();
        Assert.IsNull(window.MinMs);
        window.Add(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 9; i++)
            window.Add(TimeSpan.FromMilliseconds(20 - i));
        Assert.AreEqual(1, window.MinMs);
        window.Add(TimeSpan.FromMilliseconds(30));
        Assert.AreEqual(12, window.MinMs);
        window.Clear();
        Assert.IsNull(window.MinMs);
    }

    [TestMethod]
    public void AckTracker_OldestUnanswered_IsOverdueAtItsOwnLimit()
    {
        var time = new SteppedTime();
        using var acks = new AckTracker(time, TimeSpan.FromSeconds(5), new RttWindow());
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.IsFalse(acks.Overdue.IsCancellationRequested, "nothing was sent");

        acks.Sent(1);
        time.Advance(TimeSpan.FromSeconds(3));
        acks.Sent(2);
        acks.Acked(1);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.IsFalse(acks.Overdue.IsCancellationRequested, "report 2 has waited for 4 s");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsTrue(acks.Overdue.IsCancellationRequested);
    }

    [TestMethod]
    public void AckTracker_AckOfALaterReport_StandsForTheEarlierAndIsMeasuredAlone()
    {
        var time = new SteppedTime();
        var rtt = new RttWindow();
        using var acks = new AckTracker(time, TimeSpan.FromSeconds(5), rtt);
        acks.Sent(1);
        time.Advance(TimeSpan.FromMilliseconds(100));
        acks.Sent(2);
        time.Advance(TimeSpan.FromMilliseconds(20));
        acks.Acked(2);
        Assert.AreEqual(20, rtt.MinMs);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.IsFalse(acks.Overdue.IsCancellationRequested, "all was answered");
    }

    [TestMethod]
    public void ToReport_UnknownNumbers_StayAbsent()
    {
        var time = new SteppedTime();
        var runtime = new RuntimeEntry
        {
            Target = new FakeRuntimeProbe().Target(),
            Healthy = true,
            SampledAt = time.GetTimestamp(),
            Models =
            [
                new ModelReading
                {
                    Model = "m", Runtime = "vllm", Loaded = true, SampledAt = default, Running = 0, PrefixCacheHitRate = 1.0000001,
                    Ttft = new LatencyWindow(double.NaN, 0.1, 0.2, 0.3, 4),
                },
            ],
        };
        var reading = new NodeReading
        {
            Gpus = new GpuPart([new GpuEntry { Uuid = "GPU-1", VramTotalBytes = 80L << 30 }], time.GetTimestamp(), 1, false),
            Runtimes = new RuntimePart([runtime], time.GetTimestamp(), 1),
        };
        time.Advance(TimeSpan.FromMilliseconds(250));
        var report = ReportMapping.ToReport("n", 7, 9, reading, rttMs: null, time);

        Assert.AreEqual(250, report.AgeMs);
        Assert.IsFalse(report.HasRttMs);
        var gpu = report.Gpus.Gpus[0];
        Assert.AreEqual(80, gpu.VramTotalGb);
        Assert.IsFalse(gpu.HasVramUsedGb || gpu.HasSmUtilization || gpu.HasThrottled || gpu.HasEccErrors);
        var model = report.Runtimes.Runtimes[0].Models[0];
        Assert.IsTrue(model.HasRunning, "zero is known");
        Assert.AreEqual(0, model.Running);
        Assert.IsFalse(model.HasQueueDepth || model.HasKvCacheUsage || model.HasTtftMeanMs || model.HasMaxConcurrency || model.HasBatchFullness);
        Assert.AreEqual(1, model.PrefixCacheHitRate, "a share is at most the whole");
        Assert.AreEqual(200, model.TtftP95Ms, 1e-9);
        Assert.IsFalse(report.Runtimes.Runtimes[0].HasPricePerHour);
    }

    [TestMethod]
    public void ToReport_NetworkAndStorage_UnknownStaysAbsent()
    {
        var time = new SteppedTime();
        var reading = new NodeReading
        {
            Links = new InfiniBandSnapshot([new InfiniBandPort { Device = "mlx5_0", Port = 1, State = "ACTIVE", RateBytesPerSecond = 5e10, LossPerSecond = 0 }], 0, null, DateTimeOffset.UnixEpoch),
            Storage = new StoragePart([new StorageEntry(new StorageReading { Name = "s", Kind = "s3", Healthy = false, Error = "403", LatencySeconds = 0.02, SampledAt = DateTimeOffset.UnixEpoch }, time.GetTimestamp())], 1),
        };
        time.Advance(TimeSpan.FromSeconds(20));
        var report = ReportMapping.ToReport("n", 7, 9, reading, rttMs: null, time);
        var link = report.Network.Links.Single();
        Assert.AreEqual(("mlx5_0/1", "ACTIVE", "", 5e10, true, false), (link.Port, link.State, link.LinkLayer, link.RateBytesPerSecond, link.HasLossPerSecond, link.HasCongestionPerSecond));
        var storage = report.Storage.Storages.Single();
        Assert.AreEqual(("s", "s3", false, "403", 0.02, 20_000.0), (storage.Name, storage.Kind, storage.Healthy, storage.Error, storage.LatencySeconds, storage.AgeMs));
        Assert.IsFalse(storage.HasWriteBytesPerSecond || storage.HasFreeBytes || storage.HasReadMayBeCached);
        Assert.AreEqual(0, report.AgeMs, "the age is that of GPUs and runtimes");
        report = ReportMapping.ToReport("n", 7, 10, new NodeReading(), rttMs: null, time);
        Assert.IsTrue(report.Network is null && report.Storage is null);
    }

    [TestMethod]
    public void ToReport_DeclaredCapacity_IsCarriedWithFullness()
    {
        var time = new SteppedTime();
        var target = new FakeRuntimeProbe().Target() with
        {
            Gpu = "H100-80G",
            PricePerHour = 4,
            Capacity = new RuntimeCapacity { MaxConcurrency = 8, PrefillTokensPerSecond = 100, DecodeTokensPerSecond = 50, MinSecondsPerToken = 0.01 },
        };
        var reading = FakeRuntimeProbe.Healthy();
        var entry = new RuntimeEntry { Target = target, Healthy = true, Models = [reading.Models[0] with { Running = 6 }], SampledAt = time.GetTimestamp() };
        var runtime = ReportMapping.ToReport("n", 1, 1, new NodeReading { Runtimes = new RuntimePart([entry], time.GetTimestamp(), 1) }, 1.5, time).Runtimes.Runtimes[0];

        Assert.AreEqual("H100-80G", runtime.Gpu);
        Assert.AreEqual(4, runtime.PricePerHour);
        Assert.AreEqual(0.75, runtime.Models[0].BatchFullness);
        Assert.AreEqual(8, runtime.Models[0].MaxConcurrency);
        Assert.AreEqual(50, runtime.Models[0].DecodeCapacityTokensPerSecond);
    }

    /// <summary>Always just below 1.</summary>
    private sealed class Highest : Random
    {
        public override double NextDouble() => 1 - 1e-12;
    }
}
