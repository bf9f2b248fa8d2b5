using InferMesh.Adapters.Probing;

namespace InferMesh.Tests.Unit.Adapters.Probing;

[TestClass]
public sealed class TickScheduleTests
{
    private readonly SteppedTime _time = new();

    [TestMethod]
    public async Task WaitAsync_TicksMissed_SkipsThemAndKeepsThePhase()
    {
        var anchor = _time.GetTimestamp();
        var ticks = new TickSchedule(_time, anchor, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100));
        _time.Advance(TimeSpan.FromSeconds(3.5));

        var next = ticks.WaitAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromMilliseconds(599));
        Assert.IsFalse(next.IsCompleted, "tick 4 is at 4.1 s");
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [TestMethod]
    public async Task WaitAsync_AtOnceAfterATick_DoesNotTickTwice()
    {
        var ticks = new TickSchedule(_time, _time.GetTimestamp(), TimeSpan.FromSeconds(1), TimeSpan.Zero);
        var first = ticks.WaitAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await first.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.IsFalse(ticks.WaitAsync(CancellationToken.None).IsCompleted);
    }
}
