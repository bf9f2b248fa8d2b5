using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Events;

/// <summary>The newest events, oldest first.</summary>
[GenerateSerializer, Alias("infermesh.EventLogState")]
internal sealed class EventLogState
{
    [Id(0)] public long LastId { get; set; }

    [Id(1)] public List<MeshEvent> Events { get; set; } = [];
}

/// <inheritdoc cref="IEventLogGrain"/>
[GrainType("event-log")]
internal sealed class EventLogGrain : Grain, IEventLogGrain
{
    private const int Kept = 1000;

    private readonly IPersistentState<EventLogState> _state;
    private readonly TimeProvider _time;
    private readonly CoalescedWriter _writer;
    private readonly ChangeSignal _changed;
    private long _storedId;

    public EventLogGrain([PersistentState("event-log")] IPersistentState<EventLogState> state, TimeProvider time)
    {
        _state = state;
        _time = time;
        _writer = new(state.WriteStateAsync);
        _changed = new(time);
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _storedId = _state.State.LastId;
        return Task.CompletedTask;
    }

    public async Task Append(MeshEvent happened)
    {
        var s = _state.State;
        var id = ++s.LastId;
        s.Events.Add(happened with { Id = id, At = _time.GetUtcNow() });
        if (s.Events.Count > Kept) s.Events.RemoveRange(0, s.Events.Count - Kept);
        try
        {
            await _writer.WriteAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        _storedId = Math.Max(_storedId, id);
        _changed.Pulse();
    }

    // Only what is stored is shown: an id that a reader has seen and a crash has lost would be given to another event.
    public async Task<EventPage> ReadAfter(long cursor, int max, TimeSpan wait)
    {
        if (cursor < 0) cursor = _storedId;
        // A cursor from before a lost storage points past the end: go on from here rather than wait for ids to catch up.
        if (cursor > _storedId) cursor = _storedId;
        if (_storedId <= cursor) await _changed.WaitAsync(wait);
        var events = _state.State.Events;
        var stored = events.Count - (int)Math.Min(_state.State.LastId - _storedId, events.Count);
        var oldest = stored > 0 ? events[0].Id : _storedId + 1;
        var skip = (int)Math.Clamp(cursor - oldest + 1, 0, stored);
        var page = events.GetRange(skip, Math.Min(Math.Clamp(max, 1, Kept), stored - skip));
        return new(page, page.Count > 0 ? page[^1].Id : cursor, cursor + 1 < oldest && cursor < _storedId);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _changed.Pulse();
        return Task.CompletedTask;
    }
}

/// <summary>Sends events without making anybody wait for the log.</summary>
internal sealed partial class EventSink(IGrainFactory grains, ILogger<EventSink> logger)
{
    public void Post(string type, string subject, string actor = "", params (string Key, string Value)[] data) =>
        _ = PostAsync(new() { Type = type, Subject = subject, Actor = actor, Data = data.ToDictionary(d => d.Key, d => d.Value) });

    private async Task PostAsync(MeshEvent happened)
    {
        try
        {
            await grains.GetGrain<IEventLogGrain>(IEventLogGrain.Key).Append(happened);
        }
        catch (Exception e)
        {
            Lost(happened.Type, happened.Subject, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Event {Type} of {Subject} was not logged: {Reason}")]
    private partial void Lost(string type, string subject, string reason);
}
