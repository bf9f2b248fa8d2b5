using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Recording;

/// <content>For a router with tables, which knows targets by identity.</content>
public sealed partial class DecisionRecorder
{
    /// <summary>Records a decision from a table, before anything comes of it, on the thread that made it.</summary>
    /// <param name="table">The table.</param>
    /// <param name="request">The request.</param>
    /// <param name="decision">What came out.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="sequence">As the kernel was given it.</param>
    /// <param name="seed">As the kernel was given it.</param>
    /// <returns>Its number.</returns>
    public long Decided(RoutingTable table, RoutingRequest request, Decision decision, long nowTicks, ulong sequence, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(decision);
        var targets = table.Models.GetValueOrDefault(request.Model);
        Span<RankedTarget> picks = stackalloc RankedTarget[decision.Choices.Count];
        for (var i = 0; i < picks.Length; i++) picks[i] = new(TargetOrder.Find(targets!.Identity, decision.Choices[i].Identity), decision.Choices[i].Score);
        return Decided(targets, request, decision.Policy, table.Version, nowTicks, sequence, seed, new(decision.Outcome, picks.Length, decision.Hedge, decision.RetryAfter), picks);
    }

    /// <summary>Records that a strategy is told of a dispatch, as <see cref="LearningExtensions.Dispatched"/> tells it; nothing when the target is not in the set.</summary>
    public void Sent(IRoutingStrategy strategy, TargetSet targets, RoutingRequest request, TargetIdentity target, long nowTicks)
    {
        ArgumentNullException.ThrowIfNull(targets);
        if (TargetOrder.Find(targets.Identity, target) is >= 0 and var row) Sent(strategy, targets, request, row, nowTicks);
    }

    /// <summary>Records what a strategy is told of an answer.</summary>
    public void Learned(IRoutingStrategy strategy, in Outcome outcome) => Learned(strategy, _models.TryGetValue(outcome.Model, out var set) ? set.Targets : null, outcome);
}
