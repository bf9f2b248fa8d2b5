namespace InferMesh.Cli.Agent.Reporting;

/// <summary>
/// Which reports of one stream are not acknowledged yet. Measures round trips, and cancels the stream when acknowledgements stay away.
/// </summary>
internal sealed class AckTracker : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly RttWindow _rtt;
    private readonly CancellationTokenSource _overdue;
    private readonly Queue<(long Sequence, long SentAt)> _pending = new();
    private readonly Lock _gate = new();

    public AckTracker(TimeProvider time, TimeSpan limit, RttWindow rtt)
    {
        (_time, _limit, _rtt) = (time, limit, rtt);
        _overdue = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>Cancelled when a report has waited for longer than the limit.</summary>
    public CancellationToken Overdue => _overdue.Token;

    /// <summary>Acknowledgements received.</summary>
    public long Acks { get; private set; }

    public void Sent(long sequence)
    {
        lock (_gate)
        {
            _pending.Enqueue((sequence, _time.GetTimestamp()));
            if (_pending.Count == 1)
                _overdue.CancelAfter(_limit);
        }
    }

    /// <summary>Takes an acknowledgement; it stands for everything sent before it too.</summary>
    public void Acked(long sequence)
    {
        lock (_gate)
        {
            Acks++;
            while (_pending.TryPeek(out var sent) && sent.Sequence <= sequence)
            {
                _pending.Dequeue();
                if (sent.Sequence == sequence)
                    _rtt.Add(_time.GetElapsedTime(sent.SentAt));
            }

            if (!_overdue.IsCancellationRequested)
                _overdue.CancelAfter(_pending.TryPeek(out var oldest) ? Remaining(oldest.SentAt) : Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _overdue.Dispose();

    private TimeSpan Remaining(long sentAt)
    {
        var remaining = _limit - _time.GetElapsedTime(sentAt);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }
}
