using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Plugins;

/// <inheritdoc cref="IPluginIndexGrain"/>
[GrainType("plugin-index"), KeepAlive]
internal sealed class PluginIndexGrain(TimeProvider time, ILogger<PluginIndexGrain> logger) : VersionedIndexGrain<MeshPlugin>(DirectoryKeys.Plugins, time, logger), IPluginIndexGrain
{
    public async Task<PluginListing> List()
    {
        await LoadedAsync();
        return Listing();
    }

    public async Task<PluginListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => await IsNewerAsync(incarnation, version, wait) ? Listing() : null;

    protected override Task<IReadOnlyList<MeshPlugin>> HistoryAsync(string name) => GrainFactory.GetGrain<IPluginGrain>(name).History();

    private PluginListing Listing() => new(Incarnation, ListVersion, Existing);
}
