using InferMesh.Grains.Options;
using InferMesh.Grains.Routing.Shadows;
using InferMesh.Strategies.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// Looks at one decision of many more closely: who was ruled out and why, and, later, what another strategy would have picked from the same table at the same moment. The others cost nothing
/// more. Thread-safe.
/// </summary>
internal sealed class DecisionSampler(IOptions<RoutingSettings> settings, ShadowJudge? shadows = null)
{
    private readonly int _every = settings.Value.SampleEvery;
    private int _decisions;

    /// <summary>Whether the next decision is to be explained in full and looked at.</summary>
    public bool IsDue() => _every > 0 && (uint)Interlocked.Increment(ref _decisions) % (uint)_every == 0;

    /// <summary>Looks at a decision that was explained, before it is carried out. Returns it as it would be unexplained, with what its shadow is asked about when the request has ended.</summary>
    public (Decision Decision, ShadowCase? Shadow) Look(RoutingTable table, RoutingRequest request, Decision decision, long nowTicks, ulong sequence, ulong seed, bool fellBack = false)
    {
        DecisionMetrics.Looked(decision);
        return decision.Outcome == DecisionOutcome.Routed
            ? (decision with { Excluded = [] }, shadows?.Open(table.Models[request.Model], request, decision, nowTicks, sequence, seed, fellBack))
            : (decision, null);
    }
}
