using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Admission;

/// <summary>When a target takes no more work. Limits are on what the target holds, so a refusal is quick and says when to come back.</summary>
/// <param name="MaxQueuePerTarget">Requests that may wait on one target beyond its batch, 0 or more. Where requests wait for room in the KV cache, what runs is the batch.</param>
/// <param name="MaxKvCacheUsage">KV-cache share above which a target takes no new work while requests wait there, 0..1; 1 lets them wait for room.</param>
public sealed record AdmissionLimits(double MaxQueuePerTarget, double MaxKvCacheUsage)
{
    /// <summary>64 waiting. A full KV cache makes a queue, which is priced: to turn requests away from it would send them where their prefixes are not.</summary>
    public static AdmissionLimits Default { get; } = new(64, 1);

    /// <summary>
    /// For a request that can wait in the mesh: there it goes where room comes first, in its turn, and costs nothing when its client leaves, none of which holds in a runtime's own queue. Two
    /// on a target are enough to keep its batch full between two answers.
    /// </summary>
    public static AdmissionLimits Queueing { get; } = Default with { MaxQueuePerTarget = 2, UnknownBatchQueue = 64 };

    /// <summary>Share of a target's batch that stays free for others, 0..1. Needs a batch size that was reported.</summary>
    public double ReservedShare { get; init; }

    /// <summary>In place of <see cref="MaxQueuePerTarget"/> where the runtime does not say how large its batch is; null for the same.</summary>
    public double? UnknownBatchQueue { get; init; }
}

/// <summary>How requests wait in the mesh when all targets are full.</summary>
/// <param name="Priority">Higher goes first, always; above 0 a request may also use the part of each batch that is kept from all others.</param>
/// <param name="MaxWait">Longest wait, and so the deadline that orders equals; null for the router's default, zero for none.</param>
/// <param name="Weight">Share of the tenant against others of the same priority, more than 0.</param>
public sealed record QueueRule(int Priority, TimeSpan? MaxWait, double Weight)
{
    /// <summary>Priority 0, the router's longest wait, weight 1.</summary>
    public static QueueRule Default { get; } = new(0, null, 1);
}

/// <summary>A limit on what the requests of one policy may have in flight through this router.</summary>
/// <param name="Policy">Name of the policy.</param>
/// <param name="MaxConcurrentRequests">This router's share of the limit, 1 or more.</param>
/// <param name="InFlight">Live count.</param>
public sealed record Quota(string Policy, int MaxConcurrentRequests, LocalLoad InFlight);

/// <summary>Who may use what the policy matches.</summary>
/// <param name="AllowedTenants">Tenants that may; empty allows all that name one.</param>
/// <param name="RequireTenant">Refuses requests without a tenant.</param>
public sealed record AccessRule(IReadOnlyList<string> AllowedTenants, bool RequireTenant)
{
    /// <summary>Whether the tenant may.</summary>
    public bool Admits(string tenant) => tenant.Length == 0 ? !RequireTenant && AllowedTenants.Count == 0 : AllowedTenants.Count == 0 || AllowedTenants.Contains(tenant);
}
