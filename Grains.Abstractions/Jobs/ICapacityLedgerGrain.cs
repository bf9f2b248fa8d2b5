using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Jobs;

/// <summary>Who has which GPU or MIG slice of a cell: training jobs and serving draw on the same one. Persisted; every write is compared and set. Key: cell id.</summary>
[Alias("infermesh.ICapacityLedgerGrain")]
public interface ICapacityLedgerGrain : IGrainWithStringKey
{
    /// <summary>Claims GPUs, all or none, until they are confirmed or the claim runs out. GPUs that the same holder has already may be claimed again.</summary>
    [AlwaysInterleave, Alias("Claim")] Task<ClaimResult> Claim(CapacityClaim claim);

    /// <summary>Keeps claimed GPUs until they are released; false when the claim has run out.</summary>
    [AlwaysInterleave, Alias("Confirm")] Task<bool> Confirm(string claim);

    /// <summary>Gives GPUs back; nothing happens when they are not claimed.</summary>
    [AlwaysInterleave, Alias("Release")] Task Release(string claim);

    /// <summary>Serving wants what it lent back: who has it must leave by the deadline, and nobody else gets it for a while.</summary>
    /// <returns>Claims that are to go.</returns>
    [AlwaysInterleave, Alias("Reclaim")] Task<IReadOnlyList<CapacityClaim>> Reclaim(string node, DateTimeOffset by);

    /// <summary>All claims.</summary>
    [AlwaysInterleave, Alias("List")] Task<LedgerListing> List();
}

/// <summary>What GPUs are claimed for.</summary>
[GenerateSerializer, Alias("infermesh.ClaimKind")]
public enum ClaimKind : byte
{
    /// <summary>A training job.</summary>
    Training = 0,

    /// <summary>A replica of a model.</summary>
    Serving,
}

/// <summary>GPUs of a cell that somebody has, or wants.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.CapacityClaim")]
public sealed record CapacityClaim
{
    /// <summary>Id, given by who claims; never used twice.</summary>
    [Id(0)] public required string Claim { get; init; }

    /// <summary>What for.</summary>
    [Id(1)] public ClaimKind Kind { get; init; }

    /// <summary>Job id, or model.</summary>
    [Id(2)] public required string Holder { get; init; }

    /// <summary>Tenant; "" for none.</summary>
    [Id(3)] public string Tenant { get; init; } = "";

    /// <summary>Fence of the job's placement; a claim with an older one than the ledger has seen of the holder is refused.</summary>
    [Id(4)] public long Fence { get; init; }

    /// <summary>GPUs by node.</summary>
    [Id(5)] public IReadOnlyList<ClaimedGpus> Gpus { get; init; } = [];

    /// <summary>It is kept until it is released.</summary>
    [Id(6)] public bool Confirmed { get; init; }

    /// <summary>When it runs out, unless it is confirmed.</summary>
    [Id(7)] public DateTimeOffset Until { get; init; }

    /// <summary>Bytes per second that it is expected to send over each node's link to others; 0 when unknown.</summary>
    [Id(8)] public double LinkBytesPerSecond { get; init; }

    /// <summary>When it must be gone; null when nobody wants it back.</summary>
    [Id(9)] public DateTimeOffset? ReclaimBy { get; init; }
}

/// <summary>GPUs of one node.</summary>
/// <param name="Node">Node.</param>
/// <param name="Gpus">UUIDs of GPUs or MIG slices.</param>
/// <param name="Lent">They are serving's, which does not need them now.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ClaimedGpus")]
public sealed record ClaimedGpus([property: Id(0)] string Node, [property: Id(1)] IReadOnlyList<string> Gpus, [property: Id(2)] bool Lent = false);

/// <summary>What became of a claim.</summary>
/// <param name="Accepted">All GPUs are claimed.</param>
/// <param name="Reason">Why not: who has which; "" when they are.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ClaimResult")]
public sealed record ClaimResult([property: Id(0)] bool Accepted, [property: Id(1)] string Reason);

/// <summary>All claims of a cell at one moment.</summary>
/// <param name="Claims">Claims, oldest first.</param>
/// <param name="Wanted">Nodes that serving wants back, and until when nothing else may be claimed there.</param>
[GenerateSerializer, Immutable, Alias("infermesh.LedgerListing")]
public sealed record LedgerListing([property: Id(0)] IReadOnlyList<CapacityClaim> Claims,
    [property: Id(1)] IReadOnlyDictionary<string, DateTimeOffset> Wanted);
