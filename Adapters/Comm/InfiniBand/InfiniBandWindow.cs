namespace InferMesh.Adapters.Comm.InfiniBand;

/// <summary>What one port counted at the read before. Not thread-safe.</summary>
internal sealed class InfiniBandWindow(TimeProvider time)
{
    public const string FirstRead = "first read: there is no window yet";
    public const string Reset = "the counter fell: it was reset, and the window starts anew";

    private readonly Dictionary<string, (long Value, long At)> _counters = new(StringComparer.Ordinal);
    private long? _before;
    private long _now;

    /// <summary>Begins a read.</summary>
    /// <returns>Its moment.</returns>
    public long Begin() => _now = time.GetTimestamp();

    /// <summary>How much a counter rises per second; null with the reason when there is no window.</summary>
    public double? PerSecond(string counter, long value, out string? reason)
    {
        var known = _counters.TryGetValue(counter, out var before);
        _counters[counter] = (value, _now);
        var window = known ? time.GetElapsedTime(before.At, _now) : TimeSpan.Zero;
        reason = !known ? FirstRead : value < before.Value ? Reset : window <= TimeSpan.Zero ? "no time has passed since the previous read" : null;
        return reason is null ? (value - before.Value) / window.TotalSeconds : null;
    }

    /// <summary>Forgets a counter that could not be read: what happens until it can be again is of no known time.</summary>
    public void Forget(string counter) => _counters.Remove(counter);

    /// <summary>Ends the read that began at a moment.</summary>
    /// <returns>Time since the read before; null after the first.</returns>
    public TimeSpan? End(long began)
    {
        var window = _before is { } before ? time.GetElapsedTime(before, began) : (TimeSpan?)null;
        _before = began;
        return window;
    }
}
