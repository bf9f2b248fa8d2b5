using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Models;

/// <inheritdoc cref="IModelIndexGrain"/>
[GrainType("model-index"), KeepAlive]
internal sealed class ModelIndexGrain(TimeProvider time, ILogger<ModelIndexGrain> logger)
    : VersionedIndexGrain<MeshModel>(DirectoryKeys.Models, time, logger), IModelIndexGrain
{
    public async Task<ModelListing> List()
    {
        await LoadedAsync();
        return new(Incarnation, ListVersion, All);
    }

    protected override Task<IReadOnlyList<MeshModel>> HistoryAsync(string name) => GrainFactory.GetGrain<IModelGrain>(name).History();
}
