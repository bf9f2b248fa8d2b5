using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Grains.Events;

/// <summary>
/// Delivers the events of one grain: each is stored with its change, sent to the log once it is stored, in order, and again until the log has it. Before the first one the grain writes its name
/// down where the log looks for those that have something to deliver, and takes it back when it has stored that nothing is left; so a silo may die at any point. Used in the grain's own turn,
/// one caller at a time; delivery goes on beside it.
/// </summary>
internal sealed partial class EventOutbox(IGrainBase grain, IGrainFactory grains, Func<IOutboxState> state, TimeProvider time, ILogger logger)
{
    private const int MaxBatch = 64;

    // Long enough for a burst of changes to share one, short enough for the log to remember what a dead silo has not stored.
    private static readonly TimeSpan SettleAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private Task _delivering = Task.CompletedTask;
    private IGrainTimer? _timer;
    private long _stored;
    private bool _isOpen;
    private bool _isSettled = true;
    private bool _isStopped;

    /// <summary>True after a write that failed: whether it was done all the same only the storage knows, and the state is to be read again.</summary>
    public bool IsUnsure { get; private set; }

    private GrainId Source => grain.GrainContext.GrainId;

    /// <summary>True while the log may lack something that is stored.</summary>
    public bool HasPending => state().Outbox.Pending.Count > 0;

    /// <summary>Begins with what is in the state that has been read.</summary>
    public void Begin()
    {
        IsUnsure = false;
        _stored = state().Outbox.Sequence;
        _isSettled = !HasPending;
        Deliver();
    }

    /// <summary>Ends the delivery: the next activation goes on.</summary>
    public void Stop() => _isStopped = true;

    /// <summary>Before the first event of a change.</summary>
    public async Task OpenAsync()
    {
        if (_isOpen) return;
        await OutboxNames.DirectoryOf(grains, Source).Add(Source.ToString());
        _isOpen = true;
    }

    /// <summary>Puts an event into the state that is about to be stored.</summary>
    public void Put(MeshEvent happened)
    {
        var now = time.GetUtcNow();
        // What was forgotten and begins anew, such as a job of the same token, counts on from its clock: no life has had as many events as ticks.
        state().Outbox = state().Outbox.With(happened with { At = happened.At == default ? now : happened.At }, Math.Max(1, now.UtcTicks));
    }

    /// <summary>The state is stored, with the events that were put into it.</summary>
    public void Stored()
    {
        // Compared and set: a write before it that seemed to fail has not been done.
        IsUnsure = false;
        _stored = state().Outbox.Sequence;
        _isSettled &= !HasPending;
        Deliver();
    }

    /// <summary>The state may not have been stored: what was put into it is taken back.</summary>
    public void Failed()
    {
        state().Outbox = state().Outbox.Until(_stored);
        IsUnsure = true;
    }

    /// <summary>When all is delivered: stores that, and takes the name back.</summary>
    /// <param name="store">Stores the state.</param>
    public async Task SettleAsync(Func<Task> store)
    {
        Deliver();
        if (HasPending) return;
        if (!_isSettled)
        {
            try
            {
                await store();
            }
            catch
            {
                IsUnsure = true;
                throw;
            }
            _isSettled = true;
        }
        // Also when this activation has not written it down: an earlier one has, and died.
        await OutboxNames.DirectoryOf(grains, Source).Remove(Source.ToString());
        _isOpen = false;
    }

    private void Deliver()
    {
        if (_delivering.IsCompleted && HasPending) _delivering = DeliverAsync();
    }

    private async Task DeliverAsync()
    {
        var pause = FirstPause;
        var blocked = false;
        while (!_isStopped && Next() is { Count: > 0 } batch)
        {
            try
            {
                await grains.GetGrain<IEventLogGrain>(IEventLogGrain.Key).Deliver(Source.ToString(), batch);
                state().Outbox = state().Outbox.Without(batch[^1].Sequence);
                pause = FirstPause;
                EventMetrics.Unblocked(ref blocked);
            }
            catch (Exception e)
            {
                EventMetrics.NotDelivered(ref blocked);
                NotDelivered(Source, e.Message);
                // Not all at once when the log is back.
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        EventMetrics.Unblocked(ref blocked);
        if (!_isStopped) SettleLater();
    }

    private IReadOnlyList<SourcedEvent> Next() => [.. state().Outbox.Pending.TakeWhile(e => e.Sequence <= _stored).Take(MaxBatch)];

    private void SettleLater()
    {
        _timer?.Dispose();
        // Between the grain's calls, as any call of it.
        _timer = grain.RegisterGrainTimer(FlushAsync, new GrainTimerCreationOptions(SettleAfter, Timeout.InfiniteTimeSpan));
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ((IEventSource)grain).Flush();
        }
        catch (Exception e)
        {
            NotSettled(Source, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "The log has not taken an event of {Source}, which is sent again: {Reason}")]
    private partial void NotDelivered(GrainId source, string reason);

    [LoggerMessage(LogLevel.Information, "{Source} could not store that its events are delivered, and tries again: {Reason}")]
    private partial void NotSettled(GrainId source, string reason);
}
