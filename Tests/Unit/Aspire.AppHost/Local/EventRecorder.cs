using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

/// <summary>Keeps all events and lets a test wait for one.</summary>
internal sealed class EventRecorder : ISupervisionListener
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly List<ProcessEvent> _events = [];
    private TaskCompletionSource _next = New();

    public IReadOnlyList<ProcessEvent> Events
    {
        get
        {
            lock (_events) return [.. _events];
        }
    }

    public void On(ProcessEvent happened)
    {
        lock (_events)
        {
            _events.Add(happened);
            _next.SetResult();
            _next = New();
        }
    }

    public IEnumerable<ProcessEvent> Of(ProcessEventKind kind) => Events.Where(e => e.Kind == kind);

    /// <summary>The nth event of a kind of a process, waiting until it has happened.</summary>
    public async Task<ProcessEvent> WaitAsync(string process, ProcessEventKind kind, int nth = 1)
    {
        while (true)
        {
            Task next;
            lock (_events)
            {
                if (_events.Where(e => e.Process == process && e.Kind == kind).Skip(nth - 1).FirstOrDefault() is { } found) return found;
                next = _next.Task;
            }

            await next.WaitAsync(Limit);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
