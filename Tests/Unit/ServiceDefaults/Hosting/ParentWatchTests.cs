using System.Threading.Channels;
using InferMesh.ServiceDefaults.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.ServiceDefaults.Hosting;

[TestClass]
public sealed class ParentWatchTests
{
    private const int ParentId = 42;
    private static readonly DateTime s_parentStart = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task Watch_ParentEnds_StopsTheApplication()
    {
        var processes = new FakeProcesses { Parent = s_parentStart };
        var lifetime = new FakeLifetime();
        using var watch = Watch(processes, lifetime);
        await watch.StartAsync(CancellationToken.None);
        await processes.Asked(3);
        Assert.IsFalse(lifetime.Stopped.IsCompleted);

        processes.Parent = null;

        await lifetime.Stopped.WaitAsync(s_patience);
    }

    [TestMethod]
    public async Task Watch_ProcessIdIsReused_StopsTheApplication()
    {
        var processes = new FakeProcesses { Parent = s_parentStart };
        var lifetime = new FakeLifetime();
        using var watch = Watch(processes, lifetime);
        await watch.StartAsync(CancellationToken.None);
        await processes.Asked(2);

        processes.Parent = s_parentStart.AddHours(1);

        await lifetime.Stopped.WaitAsync(s_patience);
    }

    [TestMethod]
    public async Task Watch_ParentGoneBeforeWeLooked_StopsAtOnce()
    {
        var lifetime = new FakeLifetime();
        using var watch = Watch(new FakeProcesses(), lifetime);

        await watch.StartAsync(CancellationToken.None);

        await lifetime.Stopped.WaitAsync(s_patience);
    }

    [TestMethod]
    public async Task Watch_ProcessStartedAfterUs_IsNotOurParent()
    {
        var lifetime = new FakeLifetime();
        using var watch = Watch(new FakeProcesses { Parent = s_parentStart.AddDays(2) }, lifetime);

        await watch.StartAsync(CancellationToken.None);

        await lifetime.Stopped.WaitAsync(s_patience);
    }

    [TestMethod]
    public async Task Watch_ApplicationStopsFirst_DoesNotStopItAgain()
    {
        var processes = new FakeProcesses { Parent = s_parentStart };
        var lifetime = new FakeLifetime();
        using var watch = Watch(processes, lifetime);
        await watch.StartAsync(CancellationToken.None);
        await processes.Asked(2);

        await watch.StopAsync(CancellationToken.None);

        Assert.IsFalse(lifetime.Stopped.IsCompleted);
    }

    [TestMethod]
    public void ProcessTable_ThisProcess_IsAlive()
    {
        var table = new ProcessTable();

        Assert.AreEqual(table.OwnStartTime, table.StartTime(Environment.ProcessId));
    }

    [TestMethod]
    public void ProcessTable_NoSuchProcess_IsGone() => Assert.IsNull(new ProcessTable().StartTime(int.MaxValue));

    private static ParentWatch Watch(FakeProcesses processes, FakeLifetime lifetime) =>
        new(ParentId, TimeSpan.FromMilliseconds(5), processes, lifetime, TimeProvider.System, NullLogger<ParentWatch>.Instance);

    private sealed class FakeProcesses : IProcessTable
    {
        private readonly Channel<int> _asked = Channel.CreateUnbounded<int>();
        private DateTime? _parent;

        public DateTime OwnStartTime => s_parentStart.AddDays(1);

        public DateTime? Parent
        {
            get { lock (_asked) return _parent; }
            set { lock (_asked) _parent = value; }
        }

        public DateTime? StartTime(int processId)
        {
            _asked.Writer.TryWrite(processId);
            return Parent;
        }

        public async Task Asked(int times)
        {
            for (var i = 0; i < times; i++)
                Assert.AreEqual(ParentId, await _asked.Reader.ReadAsync().AsTask().WaitAsync(s_patience));
        }
    }

    private sealed class FakeLifetime : IHostApplicationLifetime
    {
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stopped => _stopped.Task;

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopped.TrySetResult();
    }
}
