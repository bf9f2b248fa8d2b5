using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Recording;

/// <summary>Requests that differ in nothing but sizes, session and prefix are one shape.</summary>
internal sealed class ShapeComparer : IEqualityComparer<RoutingRequest>
{
    public bool Equals(RoutingRequest? a, RoutingRequest? b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null) return false;
        return a.Model == b.Model && a.Tenant == b.Tenant && a.SloClass == b.SloClass && a.Endpoint == b.Endpoint && a.MaxTargets == b.MaxTargets && a.MayQueue == b.MayQueue
            && Same(a.Origin, b.Origin) && Same(a.ExcludedNodes, b.ExcludedNodes) && Same(a.Demand, b.Demand);
    }

    public int GetHashCode(RoutingRequest request) => HashCode.Combine(request.Model, request.Tenant, request.SloClass, request.Origin.Zone, request.MaxTargets, request.ExcludedNodes.Count);

    // Two places of equal name and version are one.
    private static bool Same(in Origin a, in Origin b) =>
        a.Zone == b.Zone && a.Region == b.Region && a.Rack == b.Rack && a.Node == b.Node && a.Place?.Name == b.Place?.Name && a.Place?.Version == b.Place?.Version;

    internal static bool Same(IReadOnlyList<string> a, IReadOnlyList<string> b) => ReferenceEquals(a, b) || (a.Count == b.Count && a.SequenceEqual(b, StringComparer.Ordinal));

    internal static bool Same(PlacementRule a, PlacementRule b) =>
        ReferenceEquals(a, b)
        || (ReferenceEquals(a, PlacementRule.Anywhere) == ReferenceEquals(b, PlacementRule.Anywhere) && Same(a.Nodes, b.Nodes) && Same(a.Cells, b.Cells) && Same(a.Zones, b.Zones)
            && Same(a.Regions, b.Regions) && a.Labels.Count == b.Labels.Count && a.Labels.All(l => b.Labels.TryGetValue(l.Key, out var value) && value == l.Value));
}

/// <summary>Policies under which a decision comes out the same. A table resolves a policy anew for each request.</summary>
internal sealed class PolicyComparer : IEqualityComparer<EffectivePolicy>
{
    public bool Equals(EffectivePolicy? a, EffectivePolicy? b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null) return false;
        return ReferenceEquals(a.Strategy, b.Strategy) && a.Hedging == b.Hedging && a.Admission == b.Admission && a.Placements.SequenceEqual(b.Placements, ReferenceEqualityComparer.Instance)
            && ReferenceEquals(a.Residency, b.Residency) && a.Quotas.SequenceEqual(b.Quotas) && a.Access.SequenceEqual(b.Access) && ShapeComparer.Same(a.Sources, b.Sources);
    }

    public int GetHashCode(EffectivePolicy policy) => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(policy.Strategy), policy.Quotas.Count, policy.Sources.Count);
}
