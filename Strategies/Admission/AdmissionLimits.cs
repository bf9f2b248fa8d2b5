using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Admission;

/// <summary>When a target takes no more work. Limits are on what the target holds, so a refusal is quick and says when to come back.</summary>
/// <param name="MaxQueuePerTarget">Requests that may wait on one target beyond its batch, 0 or more. Where requests wait for room in the KV cache, what runs is the batch.</param>
/// <param name="MaxKvCacheUsage">KV-cache share above which a target takes no new work while requests wait there, 0..1; 1 lets them wait for room.</param>
public sealed record AdmissionLimits(double MaxQueuePerTarget, double MaxKvCacheUsage)
{
    /// <summary>64 waiting. A full KV cache makes a queue, which is priced: to turn requests away from it would send them where their prefixes are not.</summary>
    public static AdmissionLimits Default { get; } = new(64, 1);
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
