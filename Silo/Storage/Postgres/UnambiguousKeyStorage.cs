using Orleans.Storage;

namespace InferMesh.Silo.Storage.Postgres;

/// <summary>
/// The ADO.NET provider leaves the grain type out of its key and reads keys that look like numbers or GUIDs as such: "7", "07" and
/// "007" would share one row, and so would two grain types with the same state name. The whole grain id as a text key, which no
/// number parser accepts, keeps them apart.
/// </summary>
internal sealed class UnambiguousKeyStorage(IGrainStorage inner) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ReadStateAsync(stateName, Key(grainId), grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.WriteStateAsync(stateName, Key(grainId), grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ClearStateAsync(stateName, Key(grainId), grainState);

    private static GrainId Key(GrainId grainId) => GrainId.Create(grainId.Type, IdSpan.Create(grainId.ToString()));
}
