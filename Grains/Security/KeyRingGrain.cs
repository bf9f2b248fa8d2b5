using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Security;
using InferMesh.Grains.Common;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Security;

/// <summary>Persisted API keys.</summary>
[GenerateSerializer, Alias("infermesh.KeyRingState")]
internal sealed class KeyRingState : IOutboxState
{
    [Id(0)] public long Version { get; set; }

    [Id(1)] public List<ApiKey> Keys { get; set; } = [];

    [Id(2)] public OutboxState Outbox { get; set; } = OutboxState.Empty;

    /// <summary>Prefixes of the keys that were revoked last, oldest first: no backup brings them back.</summary>
    [Id(3)] public List<string> Revoked { get; set; } = [];
}

/// <inheritdoc cref="IKeyRingGrain"/>
[GrainType(BackedUpTypes.KeyRing)]
internal sealed partial class KeyRingGrain : Grain, IKeyRingGrain, IEventSource, IBackedUpGrain
{
    private readonly IPersistentState<KeyRingState> _state;
    private readonly TimeProvider _time;
    private readonly ChangeSignal _changed;
    private readonly ILogger<KeyRingGrain> _logger;
    private EventOutbox _outbox = null!;
    private bool _broken;

    // What is shown: only what is stored, because who reads it lets callers in.
    private KeyRing _stored = new(0, []);

    public KeyRingGrain([PersistentState("key-ring")] IPersistentState<KeyRingState> state, TimeProvider time, ILogger<KeyRingGrain> logger)
    {
        (_state, _time, _logger) = (state, time, logger);
        _changed = new(time);
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _stored = new(_state.State.Version, [.. _state.State.Keys]);
        _outbox = new(this, GrainFactory, () => _state.State, _time, _logger);
        _outbox.Begin();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _outbox.Stop();
        _changed.Pulse();
        return Task.CompletedTask;
    }

    public Task Flush()
    {
        ThrowIfBroken();
        return _outbox.SettleAsync(CommitAsync);
    }

    public async Task<KeyChange> Add(ApiKey key)
    {
        ThrowIfBroken();
        if (Find(key.Prefix) is { } there)
        {
            // The same call again, whose first answer was lost.
            return there.Hash.AsSpan().SequenceEqual(key.Hash) ? Done(KeyStatus.Accepted, there) : Done(KeyStatus.Taken, null);
        }
        if (_state.State.Keys.Count >= IKeyRingGrain.MaxKeys) return Done(KeyStatus.Full, null);
        var added = key with { CreatedAt = _time.GetUtcNow() };
        await StoreAsync([.. _state.State.Keys, added], EventOf(EventTypes.KeyCreated, added, key.CreatedBy));
        return Done(KeyStatus.Accepted, added);
    }

    public async Task<KeyChange> Rotate(string prefix, byte[] hash, TimeSpan overlap, string actor)
    {
        ThrowIfBroken();
        if (Find(prefix) is not { } key) return Done(KeyStatus.NotFound, null);
        var now = _time.GetUtcNow();
        var rotated = key with { Hash = hash, PreviousHash = overlap > TimeSpan.Zero ? key.Hash : [], PreviousUntil = overlap > TimeSpan.Zero ? now + overlap : default, RotatedAt = now };
        await StoreAsync([.. _state.State.Keys.Select(k => k.Prefix == prefix ? rotated : k)], EventOf(EventTypes.KeyRotated, rotated, actor));
        return Done(KeyStatus.Accepted, rotated);
    }

    public async Task<KeyChange> Revoke(string prefix, string actor)
    {
        ThrowIfBroken();
        if (Find(prefix) is not { } key) return Done(KeyStatus.NotFound, null);
        _state.State.Revoked = Newest([.. _state.State.Revoked, prefix]);
        await StoreAsync([.. _state.State.Keys.Where(k => k.Prefix != prefix)], EventOf(EventTypes.KeyRevoked, key, actor));
        return Done(KeyStatus.Accepted, key);
    }

    public async Task<KeyRing?> WaitForNewer(long version, TimeSpan wait)
    {
        if (_stored.Version == version) await _changed.WaitAsync(wait);
        return _stored.Version == version ? null : _stored;
    }

    private ApiKey? Find(string prefix) => _state.State.Keys.Find(key => key.Prefix == prefix);

    private KeyChange Done(KeyStatus status, ApiKey? key) => new(status, key, _state.State.Version);

    private static MeshEvent EventOf(string type, ApiKey key, string actor) => new()
    {
        Type = type,
        Subject = key.Prefix,
        Actor = actor,
        Tenant = key.Tenant,
        Data = new Dictionary<string, string> { ["name"] = key.Name, ["roles"] = string.Join(',', key.Roles) },
    };

    private static List<string> Newest(List<string> revoked) => [.. revoked.TakeLast(IKeyRingGrain.MaxKeys)];

    private async Task StoreAsync(List<ApiKey> keys, params IReadOnlyList<MeshEvent> happened)
    {
        await _outbox.OpenAsync();
        _state.State.Keys = keys;
        _state.State.Version++;
        foreach (var news in happened) _outbox.Put(news);
        await CommitAsync();
        _stored = new(_state.State.Version, keys);
        _outbox.Stored();
        _changed.Pulse();
    }

    private async Task CommitAsync()
    {
        try
        {
            await _state.WriteStateAsync();
        }
        catch
        {
            // What is in memory is not what is stored: the next activation reads the truth.
            _broken = true;
            DeactivateOnIdle();
            throw;
        }
    }

    private void ThrowIfBroken()
    {
        if (_broken) throw new OrleansException("The API keys could not be stored and are read anew.");
    }
}
