using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Tests.Unit.Api.Grpc.Fakes;

/// <summary>An event log that keeps what it is given from <see cref="Oldest"/> on.</summary>
[GrainType("fake-grpc-event-log")] // a silo in the same process registers every grain class by its name
internal sealed class FakeEventLog : IEventLogGrain
{
    private readonly List<MeshEvent> _events = [];

    public long Oldest { get; set; } = 1;

    public Task Append(MeshEvent happened)
    {
        lock (_events) _events.Add(happened with { Id = _events.Count + 1 });
        return Task.CompletedTask;
    }

    public async Task Deliver(string source, IReadOnlyList<SourcedEvent> events)
    {
        foreach (var delivered in events) await Append(delivered.Event);
    }

    public Task Wake() => Task.CompletedTask;

    public async Task<EventPage> ReadAfter(long cursor, int max, TimeSpan wait)
    {
        if (Read(cursor, max) is { Events.Count: > 0 } page) return page;
        await Task.Delay(TimeSpan.FromMilliseconds(20)); // Stands in for the wait of the log.
        return Read(cursor, max);
    }

    private EventPage Read(long cursor, int max)
    {
        lock (_events)
        {
            if (cursor < 0) cursor = _events.Count;
            MeshEvent[] page = [.. _events.Where(e => e.Id > cursor && e.Id >= Oldest).Take(max)];
            return new EventPage(page, page.Length > 0 ? page[^1].Id : cursor, cursor + 1 < Oldest);
        }
    }
}
