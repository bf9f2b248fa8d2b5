using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Experiments;

/// <inheritdoc cref="IExperimentIndexGrain"/>
[GrainType("experiment-index"), KeepAlive]
internal sealed class ExperimentIndexGrain(TimeProvider time, ILogger<ExperimentIndexGrain> logger)
    : VersionedIndexGrain<MeshExperiment>(DirectoryKeys.Experiments, time, logger), IExperimentIndexGrain
{
    public async Task<ExperimentListing> List()
    {
        await LoadedAsync();
        return Listing();
    }

    public async Task<ExperimentListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => await IsNewerAsync(incarnation, version, wait) ? Listing() : null;

    protected override Task<IReadOnlyList<MeshExperiment>> HistoryAsync(string name) => GrainFactory.GetGrain<IExperimentGrain>(name).History();

    private ExperimentListing Listing() => new(Incarnation, ListVersion, Existing);
}
