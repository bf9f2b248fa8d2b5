namespace InferMesh.Strategies.Routing;

/// <summary>
/// What this router itself has in flight on one target. A reading is always older than the last dispatches, so a decision adds
/// what was dispatched since the reading was taken (and takes off what has completed since): without it a burst herds onto the
/// one node whose reading looks best. Thread-safe; one instance per target and router process.
/// </summary>
/// <remarks>
/// Time is an argument, in UTC ticks. The history has 64 slots of 250 ms that saw a change: what happened in the slot of a reading
/// counts as after it, because a request counted twice for a moment costs less than one forgotten. A reading from before the history
/// is taken as one from its start.
/// </remarks>
public sealed class LocalLoad
{
    private const int Slots = 64;
    private const double MaxPrefillSeconds = 86_400;
    private const long SlotTicks = TimeSpan.TicksPerMillisecond * 250;

    private readonly Lock _gate = new();
    private Slot[]? _history;
    private long _newest;
    private int _requests;
    private long _prefillUntil;
    private long _answered;
    private long _dispatched;

    /// <summary>Requests dispatched by this router and not yet settled.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Requests dispatched by this router in all.</summary>
    public long Dispatched => Volatile.Read(ref _dispatched);

    /// <summary>
    /// When the target is done with the prompts that this router sent it, one after the other: UTC ticks, 0 when none is in flight. Readings do not tell: a request that waits for its first
    /// token and one that generates are one request each.
    /// </summary>
    public long PrefillUntilTicks => Volatile.Read(ref _prefillUntil);

    /// <summary>When the target last answered a request of this router in full, UTC ticks; 0 when it has not. A sign of life that does not depend on the way of its readings.</summary>
    public long AnsweredTicks => Volatile.Read(ref _answered);

    /// <summary>The target has answered a request.</summary>
    public void Answered(long nowTicks) => Volatile.Write(ref _answered, nowTicks);

    /// <summary>Counts one request as in flight.</summary>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="prefillSeconds">What processing its prompt is expected to take.</param>
    public void Dispatch(long nowTicks, double prefillSeconds)
    {
        lock (_gate)
        {
            Open(nowTicks);
            _requests++;
            _dispatched++;
            if (prefillSeconds > 0) _prefillUntil = Math.Max(_prefillUntil, nowTicks) + (long)(Math.Min(prefillSeconds, MaxPrefillSeconds) * TimeSpan.TicksPerSecond);
        }
    }

    /// <summary>Takes one request off. Never goes below zero.</summary>
    public void Settle(long nowTicks)
    {
        lock (_gate)
        {
            Open(nowTicks);
            if (_requests > 0) _requests--;
            if (_requests == 0) _prefillUntil = 0;
        }
    }

    /// <summary>The counters as they are now, apart from these, which go on changing. The copy knows nothing of the past.</summary>
    public LocalLoad Copy()
    {
        lock (_gate) return new() { _requests = _requests, _prefillUntil = _prefillUntil, _answered = _answered, _dispatched = _dispatched };
    }

    /// <summary>Makes the counters those of a recorded decision. For replays, which have one thread and no history.</summary>
    internal void Restore(int requests, long prefillUntilTicks) => (_requests, _prefillUntil) = (requests, prefillUntilTicks);

    /// <summary>In-flight requests as they were at a moment in the past.</summary>
    /// <param name="atTicks">UTC ticks of the moment.</param>
    public LoadBaseline At(long atTicks)
    {
        // Never touched: most targets of a large fleet.
        if (Volatile.Read(ref _history) is not { } history) return default;
        lock (_gate)
        {
            var slot = FirstSince(history, atTicks / SlotTicks);
            return slot < 0 ? new(_requests) : new(history[slot].RequestsBefore);
        }
    }

    /// <summary>The first slot that was touched at that time or after: it still knows the values from before its first change. -1 when there is none.</summary>
    private int FirstSince(Slot[] history, long wanted)
    {
        if (wanted > _newest) return -1;
        if (wanted > _newest - Slots && wanted > 0)
        {
            while (history[(int)(wanted % Slots)].Id != wanted) wanted++;
            return (int)(wanted % Slots);
        }
        var best = -1;
        for (var i = 0; i < Slots; i++)
        {
            if (history[i].Id >= wanted && history[i].Id > 0 && (best < 0 || history[i].Id < history[best].Id)) best = i;
        }
        return best;
    }

    private void Open(long nowTicks)
    {
        // Most targets of a large fleet never get a request from this router: they need no history.
        _history ??= new Slot[Slots];
        var id = nowTicks / SlotTicks;
        if (id < _newest)
        {
            // A caller reads the clock before it gets here and may be overtaken: late is not new. A clock that was set back is another matter.
            if (_newest - id < Slots) id = _newest;
            else Array.Clear(_history);
        }
        _newest = id;
        ref var slot = ref _history[(int)(id % Slots)];
        if (slot.Id != id) slot = new() { Id = id, RequestsBefore = _requests };
    }

    private struct Slot
    {
        public long Id;
        public int RequestsBefore;
    }
}

/// <summary>Values of a <see cref="LocalLoad"/> at the moment a reading was taken.</summary>
/// <param name="Requests">Requests in flight then.</param>
public readonly record struct LoadBaseline(int Requests);
