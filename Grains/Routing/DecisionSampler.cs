using InferMesh.Grains.Options;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// Looks at one decision of many more closely: who was ruled out and why, and what another strategy would have picked from the same table at the same moment. The others cost nothing more.
/// Thread-safe.
/// </summary>
internal sealed class DecisionSampler
{
    private readonly int _every;
    private readonly IRoutingStrategy? _shadow;
    private int _decisions;

    public DecisionSampler(IOptions<RoutingSettings> settings)
    {
        _every = settings.Value.SampleEvery;
        // Learns nothing: nobody tells it what came of requests that it did not place.
        if (settings.Value.ShadowStrategy is { Length: > 0 } name) _shadow = StrategyCatalog.Create(name);
    }

    /// <summary>Whether the next decision is to be explained in full and looked at.</summary>
    public bool IsDue() => _every > 0 && (uint)Interlocked.Increment(ref _decisions) % (uint)_every == 0;

    /// <summary>Looks at a decision that was explained, before it is carried out. Returns it as it would be unexplained.</summary>
    public Decision Look(RoutingTable table, RoutingRequest request, Decision decision, long nowTicks, ulong sequence, ulong seed)
    {
        DecisionMetrics.Looked(decision);
        if (decision.Outcome != DecisionOutcome.Routed) return decision;
        if (_shadow is not null && DecisionKernel.Decide(table, request, nowTicks, sequence, seed, strategy: _shadow) is { Outcome: DecisionOutcome.Routed, Choices: [var other, ..] })
        {
            var live = decision.Choices[0].Identity;
            DecisionMetrics.Compared(decision.Strategy, _shadow.Name, live == other.Identity, ShadowRegret.Seconds(table.Models[request.Model], request, live, other.Identity, nowTicks));
        }
        return decision with { Excluded = [] };
    }
}
