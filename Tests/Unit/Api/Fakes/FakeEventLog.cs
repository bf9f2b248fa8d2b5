using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Tests.Unit.Api.Fakes;

internal sealed class FakeEventLog : IEventLogGrain
{
    private readonly Lock _gate = new();
    private readonly List<MeshEvent> _events = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Events up to this id are no longer kept.</summary>
    public long Forgotten { get; set; }

    public Task Append(MeshEvent happened)
    {
        lock (_gate)
        {
            _events.Add(happened with { Id = _events.Count + 1 });
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        return Task.CompletedTask;
    }

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
