using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Comm.InfiniBand;

namespace InferMesh.Tests.Unit.Adapters.Probing;

[TestClass]
public sealed class NodeProbeTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private readonly SteppedTime _time = new();

    [TestMethod]
    public async Task Current_WithoutAnySource_SaysThatThereIsNothingAndIsFresh()
    {
        await using var probe = NodeProbe.Start(new NodeProbeOptions(), _time);
        var first = probe.Current();
        _time.Advance(TimeSpan.FromSeconds(30));
        var second = probe.Current();

        Assert.IsFalse(second.IsEmpty);
        Assert.IsEmpty(second.Since(first).Runtimes!.Runtimes);
        Assert.AreEqual(TimeSpan.Zero, second.Since(first).Age(_time));
        Assert.IsTrue(probe.FirstReadings.IsCompletedSuccessfully);
    }

    [TestMethod]
    public async Task Current_OneRuntimeSlow_CarriesTheOtherAtOnce()
    {
        var quick = new FakeRuntimeProbe();
        var slow = new FakeRuntimeProbe { Behaviour = Never };
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Runtimes = [quick.Target("http://a"), slow.Target("http://b")] }, _time);

        var entries = probe.Current().Runtimes!.Runtimes;
        Assert.IsTrue(entries[0].Healthy);
        Assert.IsFalse(entries[1].Healthy);
        Assert.AreEqual("not read yet", entries[1].Error);
        Assert.IsFalse(probe.FirstReadings.IsCompleted);

        await _time.AdvanceUntilAsync(() => probe.Current().Runtimes!.Runtimes[1].Error == "no answer within 2 s", Step);
        Assert.IsGreaterThanOrEqualTo(2, quick.Reads);
        Assert.IsTrue(probe.FirstReadings.IsCompletedSuccessfully);
    }

    [TestMethod]
    public async Task Settle_ReadTakesItsTime_WaitsForItAndNoLonger()
    {
        var answer = new TaskCompletionSource<RuntimeReading>();
        var slow = new FakeRuntimeProbe { Behaviour = _ => answer.Task };
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Runtimes = [slow.Target(), new FakeRuntimeProbe().Target("http://b")] }, _time);
        var settled = probe.SettleAsync(TimeSpan.FromSeconds(0.5), default);
        Assert.IsFalse(settled.IsCompleted);
        answer.SetResult(FakeRuntimeProbe.Healthy());
        await settled;
        Assert.IsTrue(probe.Current().Runtimes!.Runtimes[0].Healthy, "what was read is there when the wait ends");

        slow.Behaviour = Never;
        await _time.AdvanceUntilAsync(() => slow.Reads == 2, Step);
        settled = probe.SettleAsync(TimeSpan.FromSeconds(0.5), default);
        Assert.IsFalse(settled.IsCompleted);
        await _time.AdvanceUntilAsync(() => settled.IsCompleted, Step);
        await _time.AdvanceUntilAsync(() => probe.SettleAsync(TimeSpan.FromHours(1), default).IsCompleted, Step);
    }

    [TestMethod]
    public async Task Current_NetworkAndStorage_AreCarriedWhenThereIsNews()
    {
        using var tree = new SysTree().Port("mlx5_0", 1, SysTree.InfiniBand);
        var storage = new FakeStorageProbe();
        var options = new NodeProbeOptions { InfiniBand = new InfiniBandSource(new InfiniBandOptions { Root = tree.Root }, _time), Storage = [storage], StorageInterval = TimeSpan.FromMinutes(1) };
        await using var probe = NodeProbe.Start(options, _time);
        await _time.AdvanceUntilAsync(() => probe.Current() is { Links: not null, Storage: not null }, Step);
        var first = probe.Current();
        Assert.AreEqual("mlx5_0", first.Links!.Ports.Single().Device);
        Assert.AreEqual("scratch", first.Since(null).Storage!.Storages.Single().Reading.Name);
        Assert.IsNull(probe.Current().Since(first).Storage, "nothing new");
        Assert.IsNotNull(probe.Current().Since(first).Links);
        await _time.AdvanceUntilAsync(() => probe.Current().Since(first).Storage is not null, TimeSpan.FromSeconds(10));
        Assert.IsGreaterThanOrEqualTo(2, storage.Reads);
    }

    [TestMethod]
    public async Task Current_OnlyUnreadRuntimes_IsEmpty()
    {
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Runtimes = [new FakeRuntimeProbe { Behaviour = Never }.Target()] }, _time);
        Assert.IsTrue(probe.Current().IsEmpty);
    }

    [TestMethod]
    public async Task Current_RuntimeFailsAndRecovers_SaysWhyAndForgetsIt()
    {
        var runtime = new FakeRuntimeProbe { Behaviour = _ => throw new InvalidOperationException("broken") };
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Runtimes = [runtime.Target()] }, _time);
        var failed = probe.Current().Runtimes!.Runtimes[0];
        Assert.IsFalse(failed.Healthy);
        Assert.AreEqual("the probe failed: InvalidOperationException: broken", failed.Error);
        Assert.IsEmpty(failed.Models);

        runtime.Behaviour = _ => Task.FromResult(FakeRuntimeProbe.Healthy());
        await _time.AdvanceUntilAsync(() => probe.Current().Runtimes!.Runtimes[0].Healthy, Step);
        Assert.AreEqual("", probe.Current().Runtimes!.Runtimes[0].Error);
    }

    [TestMethod]
    public async Task Current_RuntimeIgnoresCancellation_IsNotReadTwiceAndStaysUnhealthyAndFresh()
    {
        var deaf = new TaskCompletionSource<RuntimeReading>();
        var runtime = new FakeRuntimeProbe { Behaviour = _ => deaf.Task };
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Runtimes = [runtime.Target()] }, _time);
        await _time.AdvanceUntilAsync(() => probe.Current().Runtimes is { Version: >= 3 }, Step);

        var part = probe.Current().Runtimes!;
        Assert.AreEqual(1, runtime.Reads);
        Assert.IsFalse(part.Runtimes[0].Healthy);
        Assert.StartsWith("no answer within", part.Runtimes[0].Error);
        Assert.IsLessThanOrEqualTo(TimeSpan.FromSeconds(1.2), probe.Current().Age(_time));

        deaf.SetResult(FakeRuntimeProbe.Healthy());
        runtime.Behaviour = _ => Task.FromResult(FakeRuntimeProbe.Healthy());
        await _time.AdvanceUntilAsync(() => probe.Current().Runtimes!.Runtimes[0].Healthy, Step);
    }

    [TestMethod]
    public async Task Current_GpuSourceHangs_GrowsOldThenKnowsNoGpuThenRecovers()
    {
        using var release = new ManualResetEventSlim();
        var source = new FakeGpuSource();
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Gpu = source }, _time);
        await probe.FirstReadings;
        source.Behaviour = () =>
        {
            release.Wait();
            return FakeGpuSource.One();
        };
        await _time.AdvanceUntilAsync(() => probe.Current().GpuFailure is not null, Step);

        var sent = probe.Current();
        Assert.HasCount(1, sent.Gpus!.Gpus);
        var before = sent.Age(_time);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.AreEqual(before + TimeSpan.FromSeconds(2), probe.Current().Since(sent).Age(_time), "nothing new: the age grows");

        await _time.AdvanceUntilAsync(() => probe.Current().Gpus!.Gpus.Count == 0, Step);
        await _time.AdvanceUntilAsync(() => probe.Current().Age(_time) < TimeSpan.FromSeconds(1), Step);

        release.Set();
        await _time.AdvanceUntilAsync(() => probe.Current() is { GpuFailure: null, Gpus.Gpus.Count: 1 }, Step);
    }

    [TestMethod]
    public async Task Since_GpuSourceHangs_LeavesTheGpusOutAndStaysFresh()
    {
        using var release = new ManualResetEventSlim();
        var source = new FakeGpuSource();
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Gpu = source, Runtimes = [new FakeRuntimeProbe().Target()] }, _time);
        await probe.FirstReadings;
        source.Behaviour = () =>
        {
            release.Wait();
            return FakeGpuSource.One();
        };
        await _time.AdvanceUntilAsync(() => probe.Current().GpuFailure is not null, Step);
        var sent = probe.Current();
        await _time.AdvanceUntilAsync(() => probe.Current().Runtimes!.Version > sent.Runtimes!.Version, Step);

        var news = probe.Current().Since(sent);
        Assert.IsNull(news.Gpus);
        Assert.IsNotNull(news.Runtimes);
        Assert.IsLessThan(TimeSpan.FromSeconds(1), news.Age(_time));
        release.Set();
    }

    [TestMethod]
    public async Task Dispose_GpuSourceHangs_ReturnsAndLeavesTheSourceOpen()
    {
        using var release = new ManualResetEventSlim();
        var source = new FakeGpuSource { Behaviour = () => { release.Wait(); return FakeGpuSource.One(); } };
        var probe = NodeProbe.Start(new NodeProbeOptions { Gpu = source }, _time);
        await probe.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.IsFalse(source.Disposed);
        release.Set();
    }

    [TestMethod]
    public async Task Dispose_GpuSourceAtRest_ClosesIt()
    {
        var source = new FakeGpuSource();
        var probe = NodeProbe.Start(new NodeProbeOptions { Gpu = source }, _time);
        await probe.FirstReadings;
        await probe.DisposeAsync();
        Assert.IsTrue(source.Disposed);
    }

    [TestMethod]
    public async Task Current_GpuSourceUnavailable_CarriesTheReasonAndNoGpu()
    {
        var source = new FakeGpuSource { Behaviour = () => new GpuSourceResult.Unavailable(GpuSourceFailure.LibraryNotFound, "no library") };
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Gpu = source }, _time);
        await probe.FirstReadings;
        Assert.AreEqual("no library", probe.Current().GpuFailure);
        Assert.IsEmpty(probe.Current().Gpus!.Gpus);
    }

    [TestMethod]
    public async Task Current_SyntheticRuntime_IsSynthetic()
    {
        var runtime = new FakeRuntimeProbe { Behaviour = _ => Task.FromResult(FakeRuntimeProbe.Healthy(synthetic: true)) };
        await using var probe = NodeProbe.Start(new NodeProbeOptions { Gpu = new FakeGpuSource(), Runtimes = [runtime.Target()] }, _time);
        await probe.FirstReadings;
        Assert.IsTrue(probe.Current().Synthetic);
    }

    private static async Task<RuntimeReading> Never(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException("unreachable");
    }
}
