namespace InferMesh.Simulator.World;

/// <summary>
/// What one model on one GPU type costs in time, memory and money. Figures are approximate and synthetic: they shape
/// a simulated or synthetic runtime and are never a measurement of the machine they run on.
/// </summary>
/// <remarks>
/// A step of continuous batching lasts
/// <c>max(StepBaseSeconds, prefill tokens / PrefillTokensPerSecond) + sequences * StepPerSequenceSeconds
/// + context tokens of decoding sequences * StepPerKvTokenSeconds</c>: the weights are read once per step, which hides
/// behind prefill compute (roofline), while attention reads the KV cache of every decoding sequence.
/// The quadratic part of prefill attention is left out; at 8k prompt tokens it is about 32 of 240 ms on an H100 and more on an A100.
/// </remarks>
public sealed record GpuProfile
{
    /// <summary>Name of the GPU type, such as <c>H100-80G</c>; the key of <see cref="GpuCatalog"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Device memory in bytes.</summary>
    public required long VramTotalBytes { get; init; }

    /// <summary>On-demand price of one GPU in US dollars per hour.</summary>
    public required double PriceUsdPerHour { get; init; }

    /// <summary>Prompt tokens that a step of pure prefill computes per second.</summary>
    public required double PrefillTokensPerSecond { get; init; }

    /// <summary>Seconds of a step with a single token: the time to read the weights.</summary>
    public required double StepBaseSeconds { get; init; }

    /// <summary>Seconds that every scheduled sequence adds to a step.</summary>
    public required double StepPerSequenceSeconds { get; init; }

    /// <summary>Seconds that every context token of a decoding sequence adds to a step.</summary>
    public required double StepPerKvTokenSeconds { get; init; }

    /// <summary>Sequences that may run at the same time, at least 1.</summary>
    public required int MaxConcurrentSequences { get; init; }

    /// <summary>Tokens (prefill and decode together) of one step, at least 1; longer prompts are chunked.</summary>
    public required int MaxBatchedTokens { get; init; }

    /// <summary>Tokens that fit the KV cache; whole blocks of <see cref="ContinuousBatch.BlockTokens"/> count.</summary>
    public required int KvCapacityTokens { get; init; }
}
