using InferMesh.Grains.Abstractions.Idempotency;

namespace InferMesh.Grains.Idempotency;

/// <summary>What is known of one key: nothing, a request that runs, or its answer.</summary>
internal sealed class IdempotencyRecord
{
    private string? _fingerprint;
    private StoredAnswer? _answer;
    private DateTimeOffset _until;

    public IdempotencyResult Begin(string fingerprint, TimeSpan lease, DateTimeOffset now)
    {
        if (_fingerprint is null || now >= _until)
        {
            (_fingerprint, _answer, _until) = (fingerprint, null, now + lease);
            return new(IdempotencyState.Run);
        }
        if (_fingerprint != fingerprint) return new(IdempotencyState.Mismatch);
        return _answer is null ? new(IdempotencyState.Running) : new(IdempotencyState.Answered, _answer);
    }

    /// <summary>Keeps the answer. Another try may have begun when the lease of this one was over: whoever answers first is what the client gets.</summary>
    public bool Complete(string fingerprint, StoredAnswer answer, DateTimeOffset now)
    {
        if (_fingerprint != fingerprint || _answer is not null) return false;
        (_answer, _until) = (answer, now + IdempotencyKeys.KeptFor);
        return true;
    }

    public bool Abandon(string fingerprint)
    {
        if (_fingerprint != fingerprint || _answer is not null) return false;
        _fingerprint = null;
        return true;
    }
}
