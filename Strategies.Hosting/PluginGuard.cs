namespace InferMesh.Strategies.Hosting;

/// <summary>What stands around each call of one plugin: breaker, deadline, quarantine, counts. Shared by all strategies that the plugin made. Thread-safe.</summary>
internal sealed class PluginGuard(string plugin, PluginBudget budget, TimeProvider time)
{
    private readonly PluginBreaker _breaker = new(budget.Breaker, time);
    private readonly long[] _failures = new long[(int)PluginFailure.Unloaded + 1];
    private long _calls;
    private volatile bool _quarantined;
    private volatile bool _unloaded;

    public string Plugin { get; } = plugin;

    public PluginBudget Budget { get; } = budget;

    public bool IsQuarantined => _quarantined;

    public bool IsOpen => _breaker.IsOpen;

    public long Calls => Interlocked.Read(ref _calls);

    public long Failures(PluginFailure failure) => Interlocked.Read(ref _failures[(int)failure]);

    /// <summary>No call goes in any more.</summary>
    public void Quarantine() => _quarantined = true;

    /// <summary>No call goes in any more: the plugin is gone.</summary>
    public void Unload() => _unloaded = true;

    /// <summary>Whether a call may go in, and when it went. Each that may ends with <see cref="Leave"/>.</summary>
    public PluginFailure Enter(out long start)
    {
        start = 0;
        if (_unloaded) return Turned(PluginFailure.Unloaded);
        if (_quarantined) return Turned(PluginFailure.Quarantined);
        if (!_breaker.Allows()) return Turned(PluginFailure.BreakerOpen);
        start = time.GetTimestamp();
        return PluginFailure.None;
    }

    /// <summary>Takes the end of a call in, and says what came of it: what it says itself, or that it was late.</summary>
    public PluginFailure Leave(string call, long start, TimeSpan deadline, PluginFailure failure)
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(start, now);
        if (failure == PluginFailure.None && elapsed > deadline) failure = PluginFailure.Timeout;
        Interlocked.Increment(ref _calls);
        PluginMetrics.Called(Plugin, call, elapsed);
        var opened = _breaker.Openings;
        _breaker.Record(PluginFailures.Counts(failure), now);
        if (_breaker.Openings > opened) PluginMetrics.Opened(Plugin);
        return failure == PluginFailure.None ? failure : Turned(failure);
    }

    private PluginFailure Turned(PluginFailure failure)
    {
        Interlocked.Increment(ref _failures[(int)failure]);
        PluginMetrics.FellBack(Plugin, failure);
        return failure;
    }
}
