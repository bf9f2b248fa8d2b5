using InferMesh.Grains.Abstractions.Idempotency;

namespace InferMesh.Grains.Idempotency;

/// <inheritdoc cref="IIdempotencyGrain"/>
[GrainType("idempotency")]
internal sealed class IdempotencyGrain(TimeProvider time) : Grain, IIdempotencyGrain
{
    private readonly IdempotencyRecord _record = new();

    public Task<IdempotencyResult> Begin(string fingerprint, TimeSpan lease)
    {
        DelayDeactivation(lease);
        return Task.FromResult(_record.Begin(fingerprint, lease, time.GetUtcNow()));
    }

    public Task<bool> Complete(string fingerprint, StoredAnswer answer)
    {
        DelayDeactivation(IdempotencyKeys.KeptFor);
        return Task.FromResult(_record.Complete(fingerprint, answer, time.GetUtcNow()));
    }

    public Task<bool> Abandon(string fingerprint)
    {
        var abandoned = _record.Abandon(fingerprint);
        if (abandoned) DeactivateOnIdle();
        return Task.FromResult(abandoned);
    }
}
