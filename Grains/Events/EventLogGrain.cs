using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Common;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;
using Orleans.Providers;
using Orleans.Storage;

namespace InferMesh.Grains.Events;

/// <inheritdoc cref="IEventLogGrain"/>
/// <remarks>
/// Events wait in a queue of limited length and are stored as many at once as there are. A second activation, which there may be while the cluster is partitioned, cannot give the same ids: its
/// write finds that what it has read was written since, and it ends.
/// </remarks>
[GrainType("event-log"), KeepAlive]
internal sealed partial class EventLogGrain : Grain, IEventLogGrain
{
    /// <summary>Events that wait at most; beyond that their sources keep them.</summary>
    internal const int MaxWaiting = 16_384;

    private const int MaxBatch = 2 * EventSegment.Size;
    private const int MaxPage = 1000;
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PrunePeriod = TimeSpan.FromMinutes(10);

    private readonly IOptionsMonitor<EventSettings> _settings;
    private readonly ILogger<EventLogGrain> _logger;
    private readonly EventStore _store;
    private readonly ChangeSignal _changed;
    private readonly Queue<Delivery> _queue = new();
    private OutboxSweep? _sweep;
    private Task _pump = Task.CompletedTask;
    private int _waiting;
    private bool _isUnsure = true;
    private bool _isPruneDue;

    public EventLogGrain(
        [FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage, IOptionsMonitor<EventSettings> settings, TimeProvider time, ILogger<EventLogGrain> logger)
    {
        (_settings, _logger) = (settings, logger);
        _store = new(new(storage), time);
        _changed = new(time);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _store.LoadAsync();
        _isUnsure = false;
        _sweep = new(GrainFactory, _logger);
        this.RegisterGrainTimer(_ => _sweep.RunAsync(), new GrainTimerCreationOptions(TimeSpan.Zero, SweepPeriod) { Interleave = true });
        this.RegisterGrainTimer(_ => Prune(), new GrainTimerCreationOptions(TimeSpan.Zero, PrunePeriod) { Interleave = true });
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _changed.Pulse();
        return Task.CompletedTask;
    }

    public Task Append(MeshEvent happened) => TakeAsync([new(new(happened))]);

    public Task Deliver(string source, IReadOnlyList<SourcedEvent> events) => TakeAsync([.. events.Select(e => new IncomingEvent(new(e.Event, source, e.Sequence)))]);

    public Task Wake() => Task.CompletedTask;

    public async Task<EventPage> ReadAfter(long cursor, int max, TimeSpan wait)
    {
        if (cursor < 0) cursor = _store.StoredId;
        if (cursor > _store.StoredId)
        {
            // Either storage was lost, and one goes on from its end rather than wait for ids to catch up; or this activation is the older one of two, and knows less than its reader.
            var stored = await _store.ReadStoredIdAsync();
            // What is being stored now is this activation's own, and may be in the storage before this activation knows.
            if (stored > _store.StoredId && !_pump.IsCompleted) await _changed.WaitAsync(StoreLimit);
            if (stored > _store.StoredId)
            {
                _isUnsure = true;
                await Prune();
                throw new OrleansException("The event log went on elsewhere, and is read anew: read again.");
            }
            cursor = Math.Min(cursor, _store.StoredId);
        }
        if (_store.StoredId <= cursor) await _changed.WaitAsync(wait);
        return await _store.ReadAsync(cursor, Math.Clamp(max, 1, MaxPage));
    }

    private Task TakeAsync(IncomingEvent[] events)
    {
        if (events.Length == 0) return Task.CompletedTask;
        if (_waiting + events.Length > MaxWaiting)
        {
            EventMetrics.Refused(events.Length);
            throw new OrleansException($"{_waiting} events wait to be stored: send these again later.");
        }
        var delivery = new Delivery(events);
        _queue.Enqueue(delivery);
        _waiting += events.Length;
        Pump();
        return delivery.Done.Task;
    }

    private Task Prune()
    {
        _isPruneDue = true;
        Pump();
        return Task.CompletedTask;
    }

    private void Pump()
    {
        if (_pump.IsCompleted) _pump = PumpAsync();
    }

    /// <summary>Stores what waits, batch by batch. One at a time.</summary>
    private async Task PumpAsync()
    {
        while (_queue.Count > 0 || _isPruneDue)
        {
            var batch = NextBatch();
            Exception? failure = null;
            try
            {
                if (_isUnsure) await _store.LoadAsync();
                _isUnsure = false;
                if (batch.Count > 0) await _store.AppendAsync([.. batch.SelectMany(static d => d.Events)], _settings.CurrentValue);
                else await _store.PruneAsync(_settings.CurrentValue);
            }
            catch (Exception e)
            {
                // What has been stored only the storage knows: it is read again before the next write.
                (failure, _isUnsure) = (e, true);
                NotStored(batch.Sum(static d => d.Events.Length), e.Message);
                if (e is InconsistentStateException) DeactivateOnIdle();
            }
            if (batch.Count == 0) _isPruneDue = false;
            foreach (var delivery in batch) delivery.End(_store.StoredId, failure);
            _changed.Pulse();
        }
    }

    private List<Delivery> NextBatch()
    {
        var (batch, size) = (new List<Delivery>(), 0);
        while (size < MaxBatch && _queue.TryDequeue(out var delivery))
        {
            batch.Add(delivery);
            size += delivery.Events.Length;
        }
        _waiting -= size;
        return batch;
    }

    [LoggerMessage(LogLevel.Warning, "{Events} events were not stored, and are sent again by their sources: {Reason}")]
    private partial void NotStored(int events, string reason);

    /// <summary>Events of one call.</summary>
    private sealed class Delivery(IncomingEvent[] events)
    {
        public IncomingEvent[] Events => events;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends the call: well when all of it is stored.</summary>
        public void End(long storedId, Exception? failure)
        {
            if (failure is null || events.All(e => e.Id > 0 && e.Id <= storedId)) Done.SetResult();
            else Done.SetException(failure);
        }
    }
}
