using System.Collections.Concurrent;
using System.Reflection;
using InferMesh.Silo.Options;
using Orleans.Concurrency;

namespace InferMesh.Silo.Clustering;

/// <summary>
/// A silo that stood still (stopped, swapped out, moved to another machine) may have been declared dead without knowing, its grains live elsewhere, and what it has in memory is old. It asks the
/// membership list before it lets another call in. Routers are let in at any time: they promise an answer, not the newest one. Thread-safe.
/// </summary>
internal sealed partial class StallGuard : IIncomingGrainCallFilter, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ILocalSiloDetails _self;
    private readonly IMembershipTable _table;
    private readonly TimeProvider _time;
    private readonly ILogger<StallGuard> _logger;
    private readonly TimeSpan _limit;
    private readonly TimeSpan _probe;
    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Type, bool> _isGuarded = [];
    private readonly Lock _gate = new();
    private readonly ITimer _ticker;
    private Task? _asking;
    private long _stalls;
    private (long Timestamp, long UtcTicks) _seen;

    public StallGuard(ILocalSiloDetails self, IMembershipTable table, ClusterSettings settings, TimeProvider time, ILogger<StallGuard> logger)
    {
        (_self, _table, _time, _logger) = (self, table, time, logger);
        // The others need all the missed probes: half of that is no cause to declare anybody dead.
        _limit = settings.ProbeTimeout * settings.NumMissedProbesLimit / 2;
        _probe = settings.ProbeTimeout;
        _patience = settings.ResponseTimeout / 2;
        _seen = Now();
        _ticker = time.CreateTimer(static guard => ((StallGuard)guard!).Look(), this, _limit / 8, _limit / 8);
    }

    public Task Invoke(IIncomingGrainCallContext context) =>
        Look() is { } asking && IsGuarded(context.Grain) ? InvokeAfterAsync(asking, context) : context.Invoke();

    public void Dispose()
    {
        _ticker.Dispose();
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>Notes that the process runs. What is to be awaited when it stood still; null when it did not.</summary>
    internal Task? Look()
    {
        lock (_gate)
        {
            // The steady clock stands still with a machine that sleeps, the other one may be set back: the one that says more is believed.
            var (before, now) = (_seen, _seen = Now());
            var stood = TimeSpan.FromTicks(Math.Max(_time.GetElapsedTime(before.Timestamp, now.Timestamp).Ticks, now.UtcTicks - before.UtcTicks));
            if (stood >= _limit)
            {
                LogStood(stood.TotalSeconds);
                _asking = AskAsync(++_stalls);
            }
            return _asking;
        }
    }

    private (long Timestamp, long UtcTicks) Now() => (_time.GetTimestamp(), _time.GetUtcNow().UtcTicks);

    private async Task InvokeAfterAsync(Task asking, IIncomingGrainCallContext context)
    {
        try
        {
            await asking.WaitAsync(_patience, _time);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            throw new SiloUnavailableException($"{_self.SiloAddress} stood still and has not confirmed that it is a member of the cluster.");
        }
        await context.Invoke();
    }

    private async Task AskAsync(long stall)
    {
        // Whoever missed a probe while it stood has by then declared it dead or had an answer.
        await Task.Delay(_probe, _time, _stop.Token);
        while (!await IsMemberAsync()) await Task.Delay(Pause, _time, _stop.Token);
        LogConfirmed();
        lock (_gate)
        {
            // It may have stood still once more meanwhile.
            if (stall == _stalls) _asking = null;
        }
    }

    // Not to know is no yes. Orleans ends a silo that finds itself dead; until then it stays shut.
    private async Task<bool> IsMemberAsync()
    {
        try
        {
            var list = await _table.ReadAllAsync(_stop.Token).WaitAsync(_patience, _time, _stop.Token);
            return list.TryGet(_self.SiloAddress) is { Item1.Status: not SiloStatus.Dead };
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            LogUnsure(e.Message);
            return false;
        }
    }

    private bool IsGuarded(object grain) => _isGuarded.GetOrAdd(grain.GetType(), static type => typeof(IGrainBase).IsAssignableFrom(type) && type.GetCustomAttribute<StatelessWorkerAttribute>() is null);

    [LoggerMessage(LogLevel.Warning, "This silo stood still for {Seconds:0.0} s: it lets calls in when the membership list says that it is a member")]
    private partial void LogStood(double seconds);

    [LoggerMessage(LogLevel.Information, "This silo is still a member of the cluster")]
    private partial void LogConfirmed();

    [LoggerMessage(LogLevel.Warning, "The membership list cannot be read: {Reason}")]
    private partial void LogUnsure(string reason);
}
