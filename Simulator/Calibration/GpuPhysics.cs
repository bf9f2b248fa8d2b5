namespace InferMesh.Simulator.Calibration;

/// <summary>What of a GPU decides how long a step takes: data-sheet figures, and which share of them a serving engine was measured to reach.</summary>
public sealed record GpuPhysics
{
    /// <summary>Name, such as <c>H100-80G</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Device memory in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Memory bandwidth in bytes per second (data sheet).</summary>
    public required double Bandwidth { get; init; }

    /// <summary>Dense bf16 operations per second (data sheet).</summary>
    public required double Flops { get; init; }

    /// <summary>Share of the bandwidth at which weights are read, more than 0 to 1.</summary>
    public required double WeightEfficiency { get; init; }

    /// <summary>Share of the operations that matrix products reach, more than 0 to 1.</summary>
    public required double ComputeEfficiency { get; init; }

    /// <summary>Share of the bandwidth at which decode attention reads keys and values.</summary>
    public required double KvEfficiency { get; init; }

    /// <summary>Share of the operations that prefill attention reaches.</summary>
    public required double AttentionEfficiency { get; init; }

    /// <summary>Microseconds of one layer that do not depend on the load: norms, activations, launches.</summary>
    public required double LayerMicroseconds { get; init; }

    /// <summary>Microseconds of a step that do not depend on the load: scheduling and sampling on the CPU's side.</summary>
    public required double StepMicroseconds { get; init; }

    /// <summary>Microseconds that each sequence adds to a step: sampler and bookkeeping.</summary>
    public required double SequenceMicroseconds { get; init; }

    /// <summary>Bytes that move per token and layer for norms and activations, in units of the model's width.</summary>
    public double ElementwiseWidths { get; init; } = 28;

    /// <summary>Bytes per second of an all-reduce, per GPU.</summary>
    public required double LinkBytesPerSecond { get; init; }

    /// <summary>Microseconds of an all-reduce of nothing.</summary>
    public required double LinkMicroseconds { get; init; }

    /// <summary>Tokens of one step that the runtime chooses for this GPU.</summary>
    public required int MaxBatchedTokens { get; init; }

    /// <summary>US dollars per GPU hour.</summary>
    public required double PricePerHour { get; init; }

    /// <summary>Where the shares were measured, or which GPU's they are.</summary>
    public required string Source { get; init; }
}
