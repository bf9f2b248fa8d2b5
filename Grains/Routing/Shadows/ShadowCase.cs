using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Routing.Shadows;

/// <summary>A decision that another strategy is asked about once the request has ended, with all that it was made from.</summary>
internal sealed class ShadowCase(ShadowJudge judge, IRoutingStrategy shadow, TargetSet targets, RoutingRequest request, Decision decision, long nowTicks, ulong sequence, ulong seed)
{
    private double _seconds = double.NaN;

    /// <summary>Strategy that decided.</summary>
    public string Strategy => decision.Strategy;

    /// <summary>Strategy that is asked.</summary>
    public string Shadow => shadow.Name;

    /// <summary>Number of targets that it holds.</summary>
    public int Targets => targets.Count;

    /// <summary>A number of the request.</summary>
    public ulong Number => unchecked(seed * 31 + sequence);

    /// <summary>Seconds that the pick took to answer; not a number when it is not known.</summary>
    public double ObservedSeconds => _seconds;

    /// <summary>The request has ended, its place is free again: now there is time for the shadow.</summary>
    /// <param name="outcome">What its caller said; null when nobody did.</param>
    /// <param name="endTicks">UTC ticks.</param>
    public void Ended(RouteOutcome? outcome, long endTicks)
    {
        // The picks are compared in any case; what another target took says nothing of this one, and who speaks for one tenant could make the estimate of all up.
        if (outcome is { Tenant: null, Status: OutcomeStatus.Success, LatencyMs: { } ms } && (outcome.NodeId.Length == 0 || outcome.NodeId == decision.Choices[0].Identity.NodeId))
            _seconds = StrategyFeedback.Seconds(ms, (endTicks - nowTicks) / (double)TimeSpan.TicksPerSecond);
        judge.Ask(this);
    }

    /// <summary>Asks the shadow: seconds expected of both picks, null when it has none or its fallback picked in its place, as after it was unloaded; and whether they are the same.</summary>
    public (double Live, double Shadow, bool Same)? Compare()
    {
        Span<RankedTarget> best = stackalloc RankedTarget[1];
        // Quotas are of now, not of then, and the request had its place.
        var policy = decision.Policy with { Strategy = shadow, Quotas = [] };
        FallbackWatch.Begin();
        var picked = DecisionKernel.Pick(targets, request, policy, nowTicks, sequence, seed, best);
        if (FallbackWatch.FellBack)
        {
            DecisionMetrics.ShadowSkipped.Add(1);
            return null;
        }
        if (picked is not { Outcome: DecisionOutcome.Routed }) return null;
        var (live, other) = (decision.Choices[0].Identity, targets.Identity[best[0].Target]);
        return ShadowRegret.Priced(targets, request, live, other, nowTicks) is var (ours, theirs) ? (ours, theirs, live == other) : null;
    }
}
