using InferMesh.Cli.Fleet.Engine;

namespace InferMesh.Tests.Unit.Cli.Fleet.Engine;

[TestClass]
public sealed class AsyncSignalTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task WaitAsync_SignalledBefore_PassesOnce()
    {
        var signal = new AsyncSignal();
        signal.Signal();
        signal.Signal();
        await signal.WaitAsync();

        var second = signal.WaitAsync();
        Assert.IsFalse(second.IsCompleted, "two signals before a wait count once");
        signal.Signal();
        await second;
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task WaitAsync_ConcurrentSignaller_MissesNothing(bool inline)
    {
        const int Last = 100_000;
        var signal = new AsyncSignal(inline);
        var published = 0;
        var producer = Task.Run(() =>
        {
            for (var i = 1; i <= Last; i++)
            {
                Volatile.Write(ref published, i);
                signal.Signal();
            }
        }, TestContext.CancellationToken);

        var consumer = Task.Run(async () =>
        {
            while (Volatile.Read(ref published) < Last)
                await signal.WaitAsync();
        }, TestContext.CancellationToken);
        await Task.WhenAll(producer, consumer).WaitAsync(TimeSpan.FromSeconds(60), TestContext.CancellationToken);
    }
}
