using System.Collections.Concurrent;
using InferMesh.Api.Options;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Decisions;

/// <summary>
/// The last decisions of this API with their reasons: the last few hundred, of each second no more than a few, whatever the load. What is kept is what the decision carried anyway;
/// a decision that is passed over costs a comparison. Thread-safe.
/// </summary>
internal sealed class DecisionLog(IOptionsMonitor<ApiSettings> settings, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, RecentDecision> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<RecentDecision> _order = new();
    private long _second = -1;
    private long _taken;
    private long _seen;

    /// <summary>Decisions since the start, those that were passed over included.</summary>
    public long Seen => Interlocked.Read(ref _seen);

    /// <summary>The decisions that are kept, newest first.</summary>
    public IReadOnlyList<RecentDecision> Recent => [.. _order.Reverse()];

    public RecentDecision? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>Keeps a decision, unless enough of this second are kept.</summary>
    public void Take(DecisionSource source, RouteQuery query, RouteDecision decision)
    {
        Interlocked.Increment(ref _seen);
        var limits = settings.CurrentValue;
        var now = time.GetUtcNow();
        if (decision.DecisionId.Length == 0 || !HasRoom(limits, now)) return;
        // The blocks of a prompt are most of a query, and tell nobody anything.
        if (query.Prefix.Length > 0) query = query with { Prefix = [] };
        var taken = new RecentDecision(source, now, query, decision);
        if (!_byId.TryAdd(decision.DecisionId, taken)) return;
        _order.Enqueue(taken);
        while (_order.Count > limits.RecentDecisions && _order.TryDequeue(out var oldest)) _byId.TryRemove(oldest.Decision.DecisionId, out _);
    }

    /// <summary>Notes how a request ended, if its decision is kept.</summary>
    public void Settle(RouteOutcome outcome)
    {
        if (_byId.TryGetValue(outcome.DecisionId, out var taken)) taken.Outcome = outcome;
    }

    // Two that see a second begin may let one or two more in: nobody counts them.
    private bool HasRoom(ApiSettings limits, DateTimeOffset now)
    {
        if (limits.RecentDecisions == 0) return false;
        var second = now.ToUnixTimeSeconds();
        if (Interlocked.Exchange(ref _second, second) != second) Interlocked.Exchange(ref _taken, 0);
        return Interlocked.Increment(ref _taken) <= limits.RecentDecisionsPerSecond;
    }
}
