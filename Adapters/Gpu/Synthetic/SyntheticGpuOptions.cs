namespace InferMesh.Adapters.Gpu.Synthetic;

/// <summary>Which GPUs to imitate.</summary>
public sealed record SyntheticGpuOptions
{
    /// <summary>Type of every GPU of the machine.</summary>
    public required SyntheticGpuType Type { get; init; }

    /// <summary>Number of GPUs. Default 1; 0 to 64.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Seed of UUIDs and noise; two machines need two seeds. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Share of memory that the imagined runtime has claimed, 0 to 1. Default 0.9, as servers preallocate their KV cache.</summary>
    public double VramUsedShare { get; init; } = 0.9;
}
