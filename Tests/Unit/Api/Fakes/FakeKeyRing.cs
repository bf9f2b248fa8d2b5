using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Keys as the grain keeps them.</summary>
internal sealed class FakeKeyRing : IKeyRingGrain
{
    private readonly ConcurrentDictionary<string, ApiKey> _keys = new();
    private long _version;

    /// <summary>Thrown by all calls while it is set.</summary>
    public Exception? Failure { get; set; }

    public IEnumerable<ApiKey> Keys => _keys.Values;

    public Task<KeyChange> Add(ApiKey key)
    {
        Throw();
        return Task.FromResult(_keys.TryAdd(key.Prefix, key with { CreatedAt = DateTimeOffset.UtcNow }) ? Changed(_keys[key.Prefix]) : new(KeyStatus.Taken, null, _version));
    }

    public Task<KeyChange> Rotate(string prefix, byte[] hash, TimeSpan overlap, string actor)
    {
        Throw();
        if (!_keys.TryGetValue(prefix, out var key)) return Task.FromResult(new KeyChange(KeyStatus.NotFound, null, _version));
        _keys[prefix] = key with { Hash = hash, PreviousHash = key.Hash, PreviousUntil = DateTimeOffset.UtcNow + overlap, RotatedAt = DateTimeOffset.UtcNow };
        return Task.FromResult(Changed(_keys[prefix]));
    }

    public Task<KeyChange> Revoke(string prefix, string actor)
    {
        Throw();
        return Task.FromResult(_keys.TryRemove(prefix, out var key) ? Changed(key) : new(KeyStatus.NotFound, null, _version));
    }

    public async Task<KeyRing?> WaitForNewer(long version, TimeSpan wait)
    {
        Throw();
        if (Volatile.Read(ref _version) == version) await Task.Delay(TimeSpan.FromMilliseconds(10)); // Stands in for the wait of the grain.
        var current = Volatile.Read(ref _version);
        return current == version ? null : new(current, [.. _keys.Values.OrderBy(k => k.Prefix, StringComparer.Ordinal)]);
    }

    private KeyChange Changed(ApiKey key) => new(KeyStatus.Accepted, key, Interlocked.Increment(ref _version));

    private void Throw()
    {
        if (Failure is { } failure) throw failure;
    }
}
