using System.Collections.Concurrent;
using InferMesh.Api.Ingress.Forwarding;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Resilience;

/// <summary>The breakers of all nodes that failed lately, as this process saw it. Thread-safe.</summary>
internal sealed partial class TargetBreakers(IOptionsMonitor<IngressSettings> settings, TimeProvider time, IngressMetrics metrics, ILogger<TargetBreakers> logger)
{
    // A node that asks for more is asked again earlier.
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    // Nodes that have failed lately are few: only they are looked at for each request.
    private readonly ConcurrentDictionary<string, TargetBreaker> _failed = new(StringComparer.Ordinal);

    /// <summary>Nodes that should not be asked now.</summary>
    public IReadOnlyList<string> Shut()
    {
        if (_failed.IsEmpty) return [];
        var now = time.GetUtcNow();
        List<string>? shut = null;
        foreach (var (node, breaker) in _failed)
        {
            if (breaker.IsShut(now)) (shut ??= []).Add(node);
            else if (breaker.IsForgiven(now)) _failed.TryRemove(node, out _);
        }
        return shut ?? (IReadOnlyList<string>)[];
    }

    /// <summary>Whether a request may be sent to the node; <see cref="Record"/> must follow.</summary>
    public bool TryEnter(string nodeId) => !_failed.TryGetValue(nodeId, out var breaker) || breaker.TryEnter(time.GetUtcNow());

    /// <summary>What came of a request to the node.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="failure">Why there was no answer; null when there was one.</param>
    public void Record(string nodeId, AttemptResult? failure)
    {
        if (failure is null && !_failed.ContainsKey(nodeId)) return;
        var breaker = _failed.GetOrAdd(nodeId, static _ => new());
        var now = time.GetUtcNow();
        switch (failure)
        {
            case null:
                if (breaker.Succeeded(now)) Closed(nodeId);
                break;
            case { RetryAfter: { } rest } when rest > TimeSpan.Zero:
                breaker.Rest(now + (rest < LongestRest ? rest : LongestRest));
                break;
            case { Status: StatusCodes.Status429TooManyRequests } or { End: AttemptEnd.Cancelled or AttemptEnd.TimedOut }:
                breaker.Left();
                break;
            default:
                if (breaker.Failed(now, settings.CurrentValue) is not { } ejected) break;
                metrics.Ejected(failure.Value.Reason);
                Opened(nodeId, ejected, failure.Value.Reason);
                break;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Node {Node} gets no requests for {Time}: it keeps failing, at last by {Reason}")]
    private partial void Opened(string node, TimeSpan time, string reason);

    [LoggerMessage(LogLevel.Information, "Node {Node} answers again")]
    private partial void Closed(string node);
}
