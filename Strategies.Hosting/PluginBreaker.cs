namespace InferMesh.Strategies.Hosting;

/// <summary>Leaves a plugin alone when too many of its calls fail. Thread-safe; costs two reads while all is well.</summary>
internal sealed class PluginBreaker(BreakerLimits limits, TimeProvider time)
{
    private const int MaxDoublings = 5;

    private readonly Lock _gate = new();
    private long _windowStart = time.GetTimestamp();
    private int _calls;
    private int _failures;
    private int _doublings;
    private long _openUntil;
    private bool _open;
    private bool _onTrial;

    /// <summary>Whether calls are turned away.</summary>
    public bool IsOpen => Volatile.Read(ref _open);

    /// <summary>Times that it opened.</summary>
    public int Openings { get; private set; }

    /// <summary>Whether a call may go on; after each that may comes <see cref="Record"/>.</summary>
    public bool Allows()
    {
        if (!IsOpen) return true;
        lock (_gate)
        {
            if (!_open) return true;
            if (_onTrial || time.GetTimestamp() < _openUntil) return false;
            _onTrial = true;
            return true;
        }
    }

    /// <summary>Takes the end of a call in.</summary>
    /// <param name="failed">Whether the plugin failed.</param>
    /// <param name="now">Timestamp of the end.</param>
    public void Record(bool failed, long now)
    {
        if (now - Volatile.Read(ref _windowStart) > limits.WindowSeconds * time.TimestampFrequency) Roll(now);
        Interlocked.Increment(ref _calls);
        if (!failed && !IsOpen) return;
        lock (_gate)
        {
            if (_open)
            {
                if (_onTrial) EndTrial(failed, now);
                return;
            }
            if (++_failures >= limits.MinFailures && _failures >= limits.FailureShare * Volatile.Read(ref _calls)) Open(now);
        }
    }

    private void EndTrial(bool failed, long now)
    {
        _onTrial = false;
        if (failed)
        {
            _doublings = Math.Min(_doublings + 1, MaxDoublings);
            Open(now);
            return;
        }
        (_doublings, _failures, _calls, _windowStart) = (0, 0, 0, now);
        Volatile.Write(ref _open, false);
    }

    private void Open(long now)
    {
        _openUntil = now + (long)(limits.OpenSeconds * (1 << _doublings) * time.TimestampFrequency);
        if (!_open) Openings++;
        Volatile.Write(ref _open, true);
    }

    private void Roll(long now)
    {
        lock (_gate)
        {
            if (now - _windowStart <= limits.WindowSeconds * time.TimestampFrequency) return;
            (_failures, _calls, _windowStart) = (0, 0, now);
        }
    }
}
