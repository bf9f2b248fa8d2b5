namespace InferMesh.Adapters.Probing;

/// <summary>Ticks at fixed distances from one moment: they do not drift, and ticks that were missed are skipped, not made up for.</summary>
/// <remarks>For one waiter at a time.</remarks>
public sealed class TickSchedule
{
    private readonly TimeProvider _time;
    private readonly long _anchor;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _offset;
    private long _last;

    /// <summary>Creates the schedule; its first tick is the first one after now.</summary>
    /// <param name="time">Clock.</param>
    /// <param name="anchor">Timestamp of tick 0, less the offset.</param>
    /// <param name="interval">Distance of the ticks, above zero.</param>
    /// <param name="offset">How long after the anchor tick 0 is.</param>
    public TickSchedule(TimeProvider time, long anchor, TimeSpan interval, TimeSpan offset)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        (_time, _anchor, _interval, _offset) = (time, anchor, interval, offset);
        _last = Position(out _);
    }

    /// <summary>Waits for the next tick.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        // A timer may fire a little early: the same tick must not come twice.
        var next = Math.Max(_last, Position(out var elapsed)) + 1;
        _last = next;
        var wait = (next * _interval) - elapsed;
        return wait > TimeSpan.Zero ? Task.Delay(wait, _time, cancellationToken) : Task.CompletedTask;
    }

    private long Position(out TimeSpan elapsed)
    {
        elapsed = _time.GetElapsedTime(_anchor) - _offset;
        return (long)Math.Floor(elapsed / _interval);
    }
}
