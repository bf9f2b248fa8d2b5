using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Admission;

namespace InferMesh.Grains.Routing;

/// <summary>A query that waits, and where its decision goes.</summary>
internal sealed record Waiter(RouteQuery Query)
{
    public TaskCompletionSource<RouteDecision> Decided { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Those who wait for one model on this silo. Everything but <see cref="Waiting"/> is used under <see cref="Gate"/>.</summary>
internal sealed class WaitingLine(AdmissionQueue<Waiter> queue)
{
    // How fast the line moves is known after so many, and remembered for about as long as a burst of load lasts.
    private const int FewServed = 8;
    private const double RateSeconds = 10;

    private long _since;
    private long _emptySince;
    private double _served;
    private long _waiting;

    public Lock Gate { get; } = new();

    public AdmissionQueue<Waiter> Queue { get; } = queue;

    /// <summary>Requests that wait: a look from outside the lock.</summary>
    public long Waiting => Volatile.Read(ref _waiting);

    /// <summary>The queue has changed: its length goes to <see cref="Waiting"/> and the metrics, and its pace is measured only while somebody waits.</summary>
    public void Changed(long nowTicks)
    {
        if (_waiting == 0 && Queue.Count > 0) _since = _since == 0 ? nowTicks : _since + (nowTicks - _emptySince);
        if (Queue.Count == 0) _emptySince = nowTicks;
        RoutingMetrics.Queued.Add(Queue.Count - _waiting);
        Volatile.Write(ref _waiting, Queue.Count);
    }

    /// <summary>One had its turn.</summary>
    public void Served(long nowTicks)
    {
        // Halves the memory when it is full: a rate over the last 10 to 20 seconds.
        if (Seconds(nowTicks) > 2 * RateSeconds)
        {
            _since += (nowTicks - _since) / 2;
            _served /= 2;
        }
        _served++;
    }

    /// <summary>When a request that comes now would have its turn; null when nobody knows yet.</summary>
    public TimeSpan? ExpectedWait(QueueTicket ticket, long nowTicks)
    {
        if (_served < FewServed) return null;
        // A line that stands still for a moment has not lost its pace; one that does for long has.
        return TimeSpan.FromSeconds(Math.Min(3600, (Queue.Ahead(ticket) + 1) * Math.Max(Seconds(nowTicks), 1) / _served));
    }

    /// <summary>Leaves the line; false when its decision is made.</summary>
    public bool Remove(QueuedRequest<Waiter> waiter, long nowTicks)
    {
        lock (Gate)
        {
            var left = Queue.Remove(waiter);
            Changed(nowTicks);
            return left;
        }
    }

    private double Seconds(long nowTicks) => Math.Max(0, nowTicks - _since) / (double)TimeSpan.TicksPerSecond;
}
