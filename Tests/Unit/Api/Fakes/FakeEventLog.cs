using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Tests.Unit.Api.Fakes;

internal sealed class FakeEventLog : IEventLogGrain
{
    private readonly Lock _gate = new();
    private readonly List<MeshEvent> _events = [];
    private readonly Dictionary<string, long> _marks = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Events up to this id are no longer kept.</summary>
    public long Forgotten { get; set; }

    /// <summary>Thrown by appending while it is set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>So many deliveries are taken, and their answers lost.</summary>
    public int LostAnswers { get; set; }

    public Task Append(MeshEvent happened)
    {
        if (Failure is { } failure) throw failure;
        lock (_gate)
        {
            _events.Add(happened with { Id = _events.Count + 1 });
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        return Task.CompletedTask;
    }

    public async Task Deliver(string source, IReadOnlyList<SourcedEvent> events)
    {
        foreach (var delivered in events.Where(e => e.Sequence > _marks.GetValueOrDefault(source)))
        {
            await Append(delivered.Event);
            _marks[source] = delivered.Sequence;
        }
        if (LostAnswers-- > 0) throw new TimeoutException("lost");
    }

    public Task Wake() => Task.CompletedTask;

    public async Task<EventPage> ReadAfter(long cursor, int max, TimeSpan wait)
    {
        Task changed;
        lock (_gate)
        {
            if (cursor < 0) cursor = _events.Count;
            changed = cursor >= _events.Count ? _changed.Task : Task.CompletedTask;
        }
        await Task.WhenAny(changed, Task.Delay(wait));
        lock (_gate)
        {
            var page = _events.Where(e => e.Id > cursor && e.Id > Forgotten).Take(max).ToList();
            return new(page, page.Count > 0 ? page[^1].Id : cursor, cursor < Forgotten);
        }
    }
}
