using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Endpoints;

/// <inheritdoc cref="IEndpointIndexGrain"/>
[GrainType("endpoint-index"), KeepAlive]
internal sealed class EndpointIndexGrain(TimeProvider time, ILogger<EndpointIndexGrain> logger)
    : VersionedIndexGrain<MeshEndpoint>(DirectoryKeys.Endpoints, time, logger), IEndpointIndexGrain
{
    public async Task<EndpointListing> List()
    {
        await LoadedAsync();
        return Listing();
    }

    public async Task<EndpointListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => await IsNewerAsync(incarnation, version, wait) ? Listing() : null;

    protected override Task<IReadOnlyList<MeshEndpoint>> HistoryAsync(string name) => GrainFactory.GetGrain<IEndpointGrain>(name).History();

    private EndpointListing Listing() => new(Incarnation, ListVersion, Existing);
}
