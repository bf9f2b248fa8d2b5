using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Security;

/// <summary>The API keys of the mesh. What a call answers is stored before it answers. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IKeyRingGrain")]
public interface IKeyRingGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "keys";

    /// <summary>Most keys that are kept: each API has all of them at hand.</summary>
    const int MaxKeys = 10_000;

    /// <summary>Adds a key; its time is set here.</summary>
    [Alias("Add")] Task<KeyChange> Add(ApiKey key);

    /// <summary>Replaces the secret of a key.</summary>
    /// <param name="prefix">Prefix.</param>
    /// <param name="hash">Hash of the new one.</param>
    /// <param name="overlap">How long the old one is still good.</param>
    /// <param name="actor">Who does it.</param>
    [Alias("Rotate")] Task<KeyChange> Rotate(string prefix, byte[] hash, TimeSpan overlap, string actor);

    /// <summary>Ends a key: it is good for nothing any more, and gone.</summary>
    [Alias("Revoke")] Task<KeyChange> Revoke(string prefix, string actor);

    /// <summary>All keys as soon as their version differs from the caller's; null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("WaitForNewer")] Task<KeyRing?> WaitForNewer(long version, TimeSpan wait);
}

/// <summary>What became of a change.</summary>
[GenerateSerializer, Alias("infermesh.KeyStatus")]
public enum KeyStatus : byte
{
    /// <summary>Done.</summary>
    Accepted = 0,

    /// <summary>There is no such key.</summary>
    NotFound,

    /// <summary>The prefix is another key's.</summary>
    Taken,

    /// <summary>There are as many keys as may be.</summary>
    Full,
}

/// <summary>Answer to a change.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Key">The key afterwards, or as it was before it was revoked; null when there is none.</param>
/// <param name="Version">Version of all keys afterwards.</param>
[GenerateSerializer, Immutable, Alias("infermesh.KeyChange")]
public sealed record KeyChange([property: Id(0)] KeyStatus Status, [property: Id(1)] ApiKey? Key, [property: Id(2)] long Version);
