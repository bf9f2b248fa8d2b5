using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Policies;

namespace InferMesh.Strategies.Routing;

/// <summary>Decides who may serve a request at all.</summary>
internal static class TargetFilter
{
    /// <summary>Fills a verdict per target and returns how many are eligible.</summary>
    public static int Apply(TargetSet targets, RoutingRequest request, EffectivePolicy policy, Span<FilterReason> verdicts)
    {
        int ready = 0, full = 0, suspect = 0;
        for (var i = 0; i < verdicts.Length; i++)
        {
            verdicts[i] = Verdict(targets, i, request, policy);
            if (verdicts[i] == FilterReason.None) ready++;
            else if (verdicts[i] == FilterReason.NodeSuspect) suspect++;
            else if (verdicts[i] is FilterReason.QueueFull or FilterReason.KvCacheFull) full++;
        }
        // A full node has room again soon: to wait for it beats a node that may be dead.
        if (ready > 0 || full > 0 || suspect == 0) return ready;

        // A silent node is a better bet than none at all, and silence may be ours: only when no ready node may serve this request.
        for (var i = 0; i < verdicts.Length; i++)
        {
            if (verdicts[i] != FilterReason.NodeSuspect) continue;
            verdicts[i] = Load(targets, i, policy);
            if (verdicts[i] == FilterReason.None) ready++;
        }
        return ready;
    }

    private static FilterReason Verdict(TargetSet targets, int i, RoutingRequest request, EffectivePolicy policy)
    {
        var standing = targets.Standing[i];
        if (standing is not (FilterReason.None or FilterReason.NodeSuspect)) return standing;
        var identity = targets.Identity[i];
        for (var e = 0; e < request.ExcludedNodes.Count; e++)
        {
            if (request.ExcludedNodes[e] == identity.NodeId) return FilterReason.ExcludedByRequest;
        }
        if (!request.Demand.Allows(identity)) return FilterReason.RequestFilter;
        for (var p = 0; p < policy.Placements.Count; p++)
        {
            if (!policy.Placements[p].Allows(identity)) return FilterReason.PlacementPolicy;
        }
        return standing == FilterReason.NodeSuspect ? standing : Load(targets, i, policy);
    }

    /// <summary>Whether admission lets one more request onto the target.</summary>
    public static FilterReason Load(TargetSet targets, int i, double load, AdmissionLimits limits)
    {
        ref readonly var cost = ref targets.Cost[i];
        if (load >= cost.BatchSize + limits.MaxQueuePerTarget) return cost.IsCacheBound ? FilterReason.KvCacheFull : FilterReason.QueueFull;
        return targets.KvCacheUsage[i] > limits.MaxKvCacheUsage && targets.Waiting[i] > 0 ? FilterReason.KvCacheFull : FilterReason.None;
    }

    private static FilterReason Load(TargetSet targets, int i, EffectivePolicy policy) => Load(targets, i, targets.Load(i), policy.Admission);
}
