using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>All API keys together, with their hashes: in backups alone, because nobody writes a key into a manifest.</summary>
internal sealed class KeyRingObjects : ISavedKind
{
    public string Name => "KeyRing";

    public string GrainType => BackedUpTypes.KeyRing;

    public bool IsKey(string key) => key == IKeyRingGrain.Key;

    public bool IsPlace(string place) => IsKey(place);

    public Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) => Task.FromResult(new KeyPage(after.Length == 0 ? [IKeyRingGrain.Key] : [], false));
}
