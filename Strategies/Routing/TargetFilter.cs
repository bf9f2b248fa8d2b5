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
            else if (IsDoubtful(verdicts[i])) suspect++;
            else if (verdicts[i] is FilterReason.QueueFull or FilterReason.KvCacheFull) full++;
        }
        // A full node has room again soon: to wait for it beats a node that may be dead.
        if (ready > 0 || full > 0 || suspect == 0) return ready;

        // A silent node is a better bet than none at all, and silence may be ours: only when no ready node may serve this request.
        for (var i = 0; i < verdicts.Length; i++)
        {
            if (!IsDoubtful(verdicts[i])) continue;
            verdicts[i] = Load(targets, i, policy);
            if (verdicts[i] == FilterReason.None) ready++;
        }
        return ready;
    }

    private static FilterReason Verdict(TargetSet targets, int i, RoutingRequest request, EffectivePolicy policy)
    {
        var standing = targets.Standing[i];
        if (standing != FilterReason.None && !IsDoubtful(standing)) return standing;
        var identity = targets.Identity[i];
        for (var e = 0; e < request.ExcludedNodes.Count; e++)
        {
            if (request.ExcludedNodes[e] == identity.NodeId) return FilterReason.ExcludedByRequest;
        }
        if (!request.Demand.Allows(identity)) return FilterReason.RequestFilter;
        if (policy.Residency is { } residency && !residency.Allows(identity)) return FilterReason.TenantPlacement;
        for (var p = 0; p < policy.Placements.Count; p++)
        {
            if (!policy.Placements[p].Allows(identity)) return FilterReason.PlacementPolicy;
        }
        // On trial: one request at a time shows whether it works again, and costs little when it does not.
        return standing == FilterReason.None || (standing == FilterReason.NodeProbing && targets.Local[i].Requests == 0) ? Load(targets, i, policy) : standing;
    }

    private static bool IsDoubtful(FilterReason standing) => standing is FilterReason.NodeSuspect or FilterReason.NodeProbing;

    /// <summary>
    /// Whether admission lets one more request onto the target. All routers see the same room in a reading and get about as many requests each: what this one has added since, the others are
    /// taken to have added too, or they would fill the same room twice.
    /// </summary>
    public static FilterReason Load(TargetSet targets, int i, double load, AdmissionLimits limits)
    {
        ref readonly var cost = ref targets.Cost[i];
        var queue = cost.IsBatchKnown ? limits.MaxQueuePerTarget - limits.ReservedShare * cost.BatchSize : limits.UnknownBatchQueue ?? limits.MaxQueuePerTarget;
        var room = cost.BatchSize + queue;
        if (load >= room || (targets.Routers > 1 && load + ((targets.Routers - 1) * targets.AddedSinceReading(i)) >= room)) return cost.IsCacheBound ? FilterReason.KvCacheFull : FilterReason.QueueFull;
        return targets.KvCacheUsage[i] > limits.MaxKvCacheUsage && targets.Waiting[i] > 0 ? FilterReason.KvCacheFull : FilterReason.None;
    }

    private static FilterReason Load(TargetSet targets, int i, EffectivePolicy policy) => Load(targets, i, targets.Load(i), policy.Admission);
}
