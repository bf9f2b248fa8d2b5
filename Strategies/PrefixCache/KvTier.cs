namespace InferMesh.Strategies.PrefixCache;

/// <summary>Where a target keeps a block.</summary>
public enum KvTier : byte
{
    /// <summary>Memory of the GPU.</summary>
    Gpu = 0,

    /// <summary>Memory of the host: the block must be copied back first.</summary>
    Cpu,

    /// <summary>Disk or a remote store.</summary>
    Disk,
}

/// <summary>What a block in each tier is worth.</summary>
public static class KvTiers
{
    /// <summary>Number of tiers.</summary>
    public const int Count = 3;

    /// <summary>Share of a block's prefill that a hit in the tier saves: 1, 0.8 and 0.25 (llm-d and Dynamo use the same order).</summary>
    public static double Weight(KvTier tier) => tier switch { KvTier.Gpu => 1, KvTier.Cpu => 0.8, _ => 0.25 };
}
