using InferMesh.Grains.Abstractions.Policies;
using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Tenancy;

/// <summary>Where the tenants' work may run, for those who decide about it.</summary>
[Alias("infermesh.ITenantIndexGrain")]
public interface ITenantIndexGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "tenants";

    /// <summary>Takes a changed tenant; an older version than the one held is dropped.</summary>
    [AlwaysInterleave, Alias("Changed")] Task Changed(Tenant tenant);

    /// <summary>The listing as soon as it is newer than the caller's, or null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("WaitForNewer")] Task<TenantPlacementListing?> WaitForNewer(long incarnation, long version, TimeSpan wait);
}

/// <summary>Where the work of one tenant may run.</summary>
/// <param name="Tenant">Tenant.</param>
/// <param name="Version">Version of the tenant that says so.</param>
/// <param name="Placement">Where.</param>
[GenerateSerializer, Immutable, Alias("infermesh.TenantPlacement")]
public sealed record TenantPlacement([property: Id(0)] string Tenant, [property: Id(1)] long Version, [property: Id(2)] PlacementSpec Placement);

/// <summary>All tenants whose work may not run everywhere, at one moment.</summary>
/// <param name="Incarnation">Life of the index grain.</param>
/// <param name="Version">Grows with each change within the incarnation.</param>
/// <param name="Tenants">Tenants by name.</param>
[GenerateSerializer, Immutable, Alias("infermesh.TenantPlacementListing")]
public sealed record TenantPlacementListing([property: Id(0)] long Incarnation, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<TenantPlacement> Tenants);
