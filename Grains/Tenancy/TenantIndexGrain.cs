using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Tenancy;

/// <inheritdoc cref="ITenantIndexGrain"/>
[GrainType("tenant-index"), KeepAlive]
internal sealed class TenantIndexGrain(TimeProvider time, ILogger<TenantIndexGrain> logger) : VersionedIndexGrain<Tenant>(DirectoryKeys.Tenants, time, logger), ITenantIndexGrain
{
    public async Task<TenantPlacementListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => await IsNewerAsync(incarnation, version, wait) ? Listing() : null;

    protected override async Task<IReadOnlyList<Tenant>> HistoryAsync(string name) => await GrainFactory.GetGrain<ITenantGrain>(name).Get() is { } tenant ? [tenant] : [];

    private TenantPlacementListing Listing() => new(Incarnation, ListVersion, [.. Existing.Where(static t => t.Spec.Placement is not null).Select(static t => new TenantPlacement(t.Name, t.Version, t.Spec.Placement!))]);
}
