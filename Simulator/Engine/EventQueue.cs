using System.Numerics;

namespace InferMesh.Simulator.Engine;

/// <summary>
/// Events by time, kind and order of scheduling: a total order, so that a run has one course only. A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan 1990): time never
/// goes back, so an event waits in the bucket of the highest bit in which its time differs from the present, and moves down at most 63 times. Nothing is allocated once
/// the buckets have grown. Events of the present stand in a small binary heap by kind and order.
/// </summary>
internal sealed class EventQueue
{
    private const int FirstRoom = 16;

    private readonly SimEvent[][] _buckets = new SimEvent[64][];
    private readonly int[] _counts = new int[64];
    private SimEvent[] _now = new SimEvent[FirstRoom];
    private int _nowCount;
    private ulong _occupied;
    private ulong _sequence;
    private long _last;

    /// <summary>Events that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Schedules an event.</summary>
    /// <exception cref="InvalidOperationException">It would be in the past.</exception>
    public void Add(long atNs, EventKind kind, int index, int tag = 0)
    {
        if (atNs < _last) throw new InvalidOperationException($"Causality: {kind} at {atNs} ns lies before {_last} ns.");
        Count++;
        Place(new(atNs, ((ulong)kind << 56) | _sequence++, index, tag));
    }

    /// <summary>Takes the next event; false when there is none.</summary>
    public bool TryTake(out SimEvent next)
    {
        if (_nowCount == 0 && !Refill())
        {
            next = default;
            return false;
        }
        next = _now[0];
        Count--;
        var moved = _now[--_nowCount];
        if (_nowCount > 0) SiftDown(moved);
        return true;
    }

    private void Place(in SimEvent e)
    {
        var difference = (ulong)(e.AtNs ^ _last);
        if (difference == 0)
        {
            if (_nowCount == _now.Length) Array.Resize(ref _now, _nowCount * 2);
            SiftUp(_nowCount++, e);
            return;
        }
        var bucket = 63 - BitOperations.LeadingZeroCount(difference);
        var events = _buckets[bucket] ??= new SimEvent[FirstRoom];
        if (_counts[bucket] == events.Length) Array.Resize(ref _buckets[bucket], events.Length * 2);
        _buckets[bucket][_counts[bucket]++] = e;
        _occupied |= 1UL << bucket;
    }

    /// <summary>The present becomes the earliest time that waits; it is in the lowest bucket.</summary>
    private bool Refill()
    {
        if (_occupied == 0) return false;
        var bucket = BitOperations.TrailingZeroCount(_occupied);
        var count = _counts[bucket];
        var events = _buckets[bucket].AsSpan(0, count);
        _counts[bucket] = 0;
        _occupied &= ~(1UL << bucket);
        var least = events[0].AtNs;
        for (var i = 1; i < count; i++) least = Math.Min(least, events[i].AtNs);
        _last = least;
        for (var i = 0; i < count; i++) Place(events[i]);
        return true;
    }

    private void SiftUp(int at, in SimEvent e)
    {
        for (; at > 0; at = (at - 1) / 2)
        {
            ref readonly var parent = ref _now[(at - 1) / 2];
            if (parent.Order < e.Order) break;
            _now[at] = parent;
        }
        _now[at] = e;
    }

    private void SiftDown(in SimEvent e)
    {
        var at = 0;
        for (var child = 1; child < _nowCount; child = 2 * at + 1)
        {
            if (child + 1 < _nowCount && _now[child + 1].Order < _now[child].Order) child++;
            if (_now[child].Order > e.Order) break;
            _now[at] = _now[child];
            at = child;
        }
        _now[at] = e;
    }
}
