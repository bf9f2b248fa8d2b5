namespace InferMesh.Grains.Abstractions.Idempotency;

/// <summary>
/// Remembers for a while what came of a request that its client may send again. Key: <see cref="IdempotencyKeys.Of"/>. Held in memory: when its silo dies, the client's next try
/// runs as a new request.
/// </summary>
[Alias("infermesh.IIdempotencyGrain")]
public interface IIdempotencyGrain : IGrainWithStringKey
{
    /// <summary>Asks to run the request.</summary>
    /// <param name="fingerprint">Hash of what was sent: the same key must come with the same request.</param>
    /// <param name="lease">How long it may run; after that another try may.</param>
    [Alias("Begin")] Task<IdempotencyResult> Begin(string fingerprint, TimeSpan lease);

    /// <summary>The request has been answered; the next tries get the same answer. False when the key is not this request's any more.</summary>
    [Alias("Complete")] Task<bool> Complete(string fingerprint, StoredAnswer answer);

    /// <summary>The request has got no answer that is worth keeping: the next try runs. False when the key is not this request's any more.</summary>
    [Alias("Abandon")] Task<bool> Abandon(string fingerprint);
}

/// <summary>Keys and limits that the idempotency calls share.</summary>
public static class IdempotencyKeys
{
    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);

    /// <summary>Longest answer that is kept, bytes.</summary>
    public const int MaxAnswerBytes = 256 * 1024;

    /// <summary>Key of a grain: tenants have their keys to themselves.</summary>
    public static string Of(string tenant, string key) => $"{tenant}\n{key}";
}

/// <summary>What becomes of a try.</summary>
[GenerateSerializer, Alias("infermesh.IdempotencyState")]
public enum IdempotencyState : byte
{
    /// <summary>It may run.</summary>
    Run = 0,

    /// <summary>An earlier try is running.</summary>
    Running,

    /// <summary>An earlier try was answered.</summary>
    Answered,

    /// <summary>The key came with another request before.</summary>
    Mismatch,
}

/// <summary>Answer to a try.</summary>
/// <param name="State">What becomes of it.</param>
/// <param name="Answer">What the earlier one was answered; null unless it was.</param>
[GenerateSerializer, Immutable, Alias("infermesh.IdempotencyResult")]
public sealed record IdempotencyResult([property: Id(0)] IdempotencyState State, [property: Id(1)] StoredAnswer? Answer = null);

/// <summary>An answer that is kept.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Media type; "" when there was none.</param>
/// <param name="Body">Body.</param>
/// <param name="NodeId">Who answered.</param>
[GenerateSerializer, Immutable, Alias("infermesh.StoredAnswer")]
public sealed record StoredAnswer([property: Id(0)] int Status, [property: Id(1)] string ContentType, [property: Id(2)] byte[] Body, [property: Id(3)] string NodeId);
