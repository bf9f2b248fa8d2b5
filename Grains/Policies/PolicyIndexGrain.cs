using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Policies;

/// <inheritdoc cref="IPolicyIndexGrain"/>
[GrainType("policy-index"), KeepAlive]
internal sealed class PolicyIndexGrain(TimeProvider time, ILogger<PolicyIndexGrain> logger) : VersionedIndexGrain<Policy>(DirectoryKeys.Policies, time, logger), IPolicyIndexGrain
{
    public async Task<PolicyListing> List()
    {
        await LoadedAsync();
        return Listing();
    }

    public async Task<PolicyListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => await IsNewerAsync(incarnation, version, wait) ? Listing() : null;

    protected override Task<IReadOnlyList<Policy>> HistoryAsync(string name) => GrainFactory.GetGrain<IPolicyGrain>(name).History();

    private PolicyListing Listing() => new(Incarnation, ListVersion, Existing);
}
