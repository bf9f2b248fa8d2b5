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

    public EventLogGrain([PersistentState("event-log")] IPersistentState<EventLogState> state, TimeProvider time)
    {
        _state = state;
        _time = time;
        _writer = new(state.WriteStateAsync);
        _changed = new(time);
    }

    public async Task Append(MeshEvent happened)
    {
        var s = _state.State;
        s.Events.Add(happened with { Id = ++s.LastId, At = _time.GetUtcNow() });
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
        _changed.Pulse();
    }

    public async Task<EventPage> ReadAfter(long cursor, int max, TimeSpan wait)
    {
        var s = _state.State;
        if (cursor < 0) cursor = s.LastId;
        // A cursor from before a lost storage points past the end: go on from here rather than wait for ids to catch up.
        if (cursor > s.LastId) cursor = s.LastId;
        if (s.LastId <= cursor) await _changed.WaitAsync(wait);
        var oldest = s.Events.Count > 0 ? s.Events[0].Id : s.LastId + 1;
        var skip = (int)Math.Clamp(cursor - oldest + 1, 0, s.Events.Count);
        var page = s.Events.GetRange(skip, Math.Min(Math.Clamp(max, 1, Kept), s.Events.Count - skip));
        return new(page, page.Count > 0 ? page[^1].Id : cursor, cursor + 1 < oldest && cursor < s.LastId);
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
