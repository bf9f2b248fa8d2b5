namespace InferMesh.Simulator.Service;

/// <summary>How a runtime is started; what is null comes from its profile.</summary>
public sealed record EngineSettings
{
    /// <summary>Tokens of one step, prompt and output together, 1 or more; null is the profile's.</summary>
    public int? MaxBatchedTokens { get; init; }

    /// <summary>Sequences that run at the same time, 1 or more; null is the profile's.</summary>
    public int? MaxSequences { get; init; }

    /// <summary>KV blocks of 16 tokens, 1 or more; null is the profile's.</summary>
    public int? KvBlocks { get; init; }

    /// <summary>Share of the KV blocks that may be used, more than 0 to 1.</summary>
    public double KvFraction { get; init; } = 1;

    /// <summary>Share of the GPU: a MIG slice. More than 0 to 1.</summary>
    public double SliceFraction { get; init; } = 1;

    /// <summary>Whether prompt blocks of earlier requests are reused.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>Whether a request is admitted only when its whole prompt finds room (vLLM's <c>scheduler_reserve_full_isl</c>), not only its first chunk.</summary>
    public bool ReserveWholePrompt { get; init; } = true;

    /// <summary>Hears of stored and removed prompt blocks; null when nobody listens.</summary>
    public IKvEvents? KvEvents { get; init; }
}
