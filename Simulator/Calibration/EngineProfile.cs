using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>One model on one GPU type (or a tensor-parallel group of them): timing, memory and money. Everything made of it is synthetic.</summary>
public sealed record EngineProfile
{
    /// <summary>Name of the GPU type, such as <c>H100-80G</c>.</summary>
    public required string Gpu { get; init; }

    /// <summary>The model.</summary>
    public required ModelShape Model { get; init; }

    /// <summary>GPUs that share every layer, 1 or more.</summary>
    public required int TensorParallel { get; init; }

    /// <summary>How long a step takes.</summary>
    public required IStepTime StepTime { get; init; }

    /// <summary>KV blocks of 16 tokens.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>Tokens of one step.</summary>
    public required int MaxBatchedTokens { get; init; }

    /// <summary>Sequences that run at the same time.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Nanoseconds that the CPU takes with a request before the scheduler sees it: HTTP, tokenizer.</summary>
    public long IngressNs { get; init; }

    /// <summary>US dollars per hour of the whole group.</summary>
    public required double PricePerHour { get; init; }

    /// <summary>Device memory of the whole group in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Where the timing comes from.</summary>
    public required string Source { get; init; }

    /// <summary>The physics that <see cref="StepTime"/> was derived from; null when it comes from tables.</summary>
    public GpuPhysics? Physics { get; init; }

    /// <summary>The same model on a MIG slice: that share of compute, bandwidth, memory and price.</summary>
    /// <param name="fraction">Share of the GPU, more than 0 to 1.</param>
    /// <exception cref="InvalidOperationException">The timing comes from tables, or the weights do not fit the slice.</exception>
    public EngineProfile Slice(double fraction)
    {
        if (!(fraction is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A slice is more than 0 and at most 1.");
        if (Physics is null)
            throw new InvalidOperationException("A profile from tables cannot be sliced.");

        var blocks = EngineMemory.KvBlocks(Physics.MemoryBytes * fraction, Model, TensorParallel, MaxBatchedTokens);
        if (blocks < 1)
            throw new InvalidOperationException($"{Model.Name} does not fit {fraction:0.###} of {Gpu}.");

        return this with
        {
            StepTime = new RooflineStepTime(Physics, Model, TensorParallel, fraction),
            KvBlocks = blocks,
            MaxSequences = Math.Max(1, (int)(MaxSequences * fraction)),
            PricePerHour = PricePerHour * fraction,
            MemoryBytes = (long)(MemoryBytes * fraction),
        };
    }

    /// <summary>What a router is told, for requests of the given mean lengths.</summary>
    public EngineCapability Capability(double meanPrompt, double meanOutput) => SaturatedEngine.Capability(this, meanPrompt, meanOutput);
}
