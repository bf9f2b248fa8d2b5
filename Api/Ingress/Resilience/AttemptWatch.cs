using System.Collections.Concurrent;
using InferMesh.Api.Ingress.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Resilience;

/// <summary>
/// Watches requests that have waited long for a first byte. A runtime that hangs keeps its connections, and an answer in one piece may rightly take minutes: what tells the two apart is
/// what the mesh knows of the node. Those that wait on a node which is gone are ended, so that another one can answer.
/// </summary>
internal sealed class AttemptWatch(IngressRouter router, IOptionsMonitor<IngressSettings> settings, TimeProvider time) : BackgroundService
{
    private readonly ConcurrentDictionary<WatchedAttempt, bool> _attempts = new();

    /// <summary>Starts to watch; ends when the attempt is disposed.</summary>
    public WatchedAttempt Begin(string model, string nodeId, CancellationToken stop)
    {
        var attempt = new WatchedAttempt(_attempts, model, nodeId, time.GetTimestamp(), stop);
        _attempts[attempt] = true;
        return attempt;
    }

    /// <summary>Ends the attempts that wait on nodes which are gone.</summary>
    public async Task LookAsync(CancellationToken stop)
    {
        var patience = settings.CurrentValue.WatchAfter;
        foreach (var model in _attempts.Keys.Where(a => time.GetElapsedTime(a.Started) >= patience).GroupBy(a => a.Model, StringComparer.Ordinal))
        {
            var lost = await router.LostNodesAsync(model.Key, [.. model.Select(a => a.NodeId).Distinct(StringComparer.Ordinal)], stop);
            foreach (var attempt in model.Where(a => lost.Contains(a.NodeId))) attempt.Lose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(settings.CurrentValue.WatchAfter / 2, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LookAsync(stoppingToken);
        }
    }
}

/// <summary>A request on its way to a node, until its first byte.</summary>
internal sealed class WatchedAttempt(ConcurrentDictionary<WatchedAttempt, bool> attempts, string model, string nodeId, long started, CancellationToken stop) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _life = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private bool _over;

    public string Model { get; } = model;

    public string NodeId { get; } = nodeId;

    public long Started { get; } = started;

    public CancellationToken Token => _life.Token;

    /// <summary>It was ended because its node is gone.</summary>
    public bool IsLost { get; private set; }

    public void Lose()
    {
        lock (_gate)
        {
            if (_over) return;
            IsLost = true;
            _life.Cancel();
        }
    }

    public void Dispose()
    {
        attempts.TryRemove(this, out _);
        lock (_gate)
        {
            _over = true;
            _life.Dispose();
        }
    }
}
