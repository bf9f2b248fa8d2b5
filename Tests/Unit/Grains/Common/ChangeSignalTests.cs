using InferMesh.Grains.Common;

namespace InferMesh.Tests.Unit.Grains.Common;

[TestClass]
public sealed class ChangeSignalTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly ChangeSignal _signal;

    public ChangeSignalTests() => _signal = new(_time);

    [TestMethod]
    public async Task WaitAsync_Pulse_WakesAll()
    {
        Task[] waits = [_signal.WaitAsync(TimeSpan.FromHours(1)), _signal.WaitAsync(TimeSpan.FromHours(1))];
        Assert.IsFalse(waits.Any(w => w.IsCompleted));
        _signal.Pulse();
        await Task.WhenAll(waits).WaitAsync(Limit);
    }

    [TestMethod]
    public async Task WaitAsync_NoPulse_EndsAfterItsTime()
    {
        var wait = _signal.WaitAsync(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsFalse(wait.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await wait.WaitAsync(Limit);
    }

    [TestMethod]
    public void WaitAsync_PulseBefore_DoesNotCount()
    {
        _signal.Pulse();
        Assert.IsFalse(_signal.WaitAsync(TimeSpan.FromSeconds(1)).IsCompleted);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(-1)]
    public void WaitAsync_NoTimeGiven_EndsAtOnce(int seconds) => Assert.IsTrue(_signal.WaitAsync(TimeSpan.FromSeconds(seconds)).IsCompletedSuccessfully);
}
