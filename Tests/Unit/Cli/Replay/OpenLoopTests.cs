using InferMesh.Cli.Replay;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class OpenLoopTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Run_WorkThatNeverEndsByItself_DoesNotHoldLaterSends()
    {
        using var loop = new OpenLoop(TimeProvider.System, maxInFlight: 100);
        var allStarted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = 0;
        var run = loop.RunAsync(Offsets(20, 1), TimeProvider.System.GetTimestamp(), async _ =>
        {
            // Nobody ends before the last has started: a closed loop would wait for ever.
            if (Interlocked.Increment(ref started) == 20)
                allStarted.SetResult();
            await allStarted.Task;
        }, TestContext.CancellationToken);

        Assert.AreEqual(20, await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.CancellationToken));
        Assert.AreEqual(0, loop.InFlight);
    }

    [TestMethod]
    public async Task Run_EachItem_StartsNotBeforeItsTime()
    {
        using var loop = new OpenLoop(TimeProvider.System, maxInFlight: 100);
        var start = TimeProvider.System.GetTimestamp();
        var early = 0;
        await loop.RunAsync(Offsets(10, 5), start, index =>
        {
            if (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMilliseconds(5 * index))
                Interlocked.Increment(ref early);
            return Task.CompletedTask;
        }, TestContext.CancellationToken);

        Assert.AreEqual(0, early);
    }

    [TestMethod]
    public async Task Run_LimitReached_HoldsTheNextUntilOneEnds()
    {
        using var loop = new OpenLoop(TimeProvider.System, maxInFlight: 3);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var most = 0;
        var entered = new CountdownEvent(3);
        var run = loop.RunAsync(Offsets(10, 0), TimeProvider.System.GetTimestamp(), async _ =>
        {
            most = Math.Max(most, loop.InFlight);
            if (!entered.IsSet)
                entered.Signal();
            await gate.Task;
        }, TestContext.CancellationToken);

        Assert.IsTrue(entered.Wait(TimeSpan.FromSeconds(30), TestContext.CancellationToken));
        gate.SetResult();
        Assert.AreEqual(10, await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.CancellationToken));
        Assert.IsLessThanOrEqualTo(3, most);
    }

    [TestMethod]
    public async Task Run_Cancelled_StopsStartingAndReturns()
    {
        using var loop = new OpenLoop(TimeProvider.System, maxInFlight: 3);
        using var stop = new CancellationTokenSource();
        var run = loop.RunAsync([TimeSpan.Zero, TimeSpan.FromHours(1)], TimeProvider.System.GetTimestamp(), async _ => await stop.CancelAsync(), stop.Token);

        Assert.AreEqual(1, await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.CancellationToken));
    }

    private static IEnumerable<TimeSpan> Offsets(int count, double everyMs)
        => Enumerable.Range(0, count).Select(i => TimeSpan.FromMilliseconds(i * everyMs));
}
