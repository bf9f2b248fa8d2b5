namespace InferMesh.Simulator.Calibration;

/// <summary>The GPU types that profiles are shipped for.</summary>
public static class GpuPhysicsCatalog
{
    private const long Gibibyte = 1L << 30;

    private static readonly GpuPhysics H100 = new()
    {
        Name = "H100-80G",
        MemoryBytes = 80 * Gibibyte,
        Bandwidth = 3.35e12,
        Flops = 989e12,
        WeightEfficiency = 0.8,
        ComputeEfficiency = 0.65,
        KvEfficiency = 0.8,
        AttentionEfficiency = 0.4,
        LayerMicroseconds = 15,
        StepMicroseconds = 500,
        SequenceMicroseconds = 5,
        LinkBytesPerSecond = 300e9,
        LinkMicroseconds = 8,
        MaxBatchedTokens = 8192,
        PricePerHour = 1.99,
        Source = "data sheet",
    };

    private static readonly GpuPhysics A100 = H100 with
    {
        Name = "A100-80G",
        Bandwidth = 2.039e12,
        Flops = 312e12,
        LinkBytesPerSecond = 200e9,
        MaxBatchedTokens = 2048,
        PricePerHour = 1.50,
        Source = "data sheet",
    };

    private static readonly GpuPhysics Rtx4090 = H100 with
    {
        Name = "RTX4090-24G",
        MemoryBytes = 25_250_627_584,
        Bandwidth = 1.008e12,
        Flops = 165.2e12,
        LinkBytesPerSecond = 16e9,
        LinkMicroseconds = 20,
        MaxBatchedTokens = 2048,
        PricePerHour = 0.35,
        Source = "data sheet",
    };

    /// <summary>Every type, in a stable order.</summary>
    public static IReadOnlyList<GpuPhysics> All { get; } =
    [
        H100,
        H100 with { Name = "H200-141G", MemoryBytes = 141 * Gibibyte, Bandwidth = 4.8e12, PricePerHour = 3.79 },
        H100 with { Name = "B200-180G", MemoryBytes = 180 * Gibibyte, Bandwidth = 7.7e12, Flops = 2250e12, LinkBytesPerSecond = 600e9, PricePerHour = 4.99 },
        A100,
        Rtx4090 with { Name = "A10G-24G", MemoryBytes = 24 * Gibibyte, Bandwidth = 0.6e12, Flops = 70e12, PricePerHour = 1.01 },
        Rtx4090 with { Name = "L40S-48G", MemoryBytes = 48_305_799_168, Bandwidth = 0.864e12, Flops = 362e12, PricePerHour = 1.86 },
        Rtx4090 with { Name = "L4-24G", MemoryBytes = 24 * Gibibyte, Bandwidth = 0.3e12, Flops = 121e12, PricePerHour = 0.80 },
        Rtx4090,
        Rtx4090 with { Name = "RTXPRO6000-96G", MemoryBytes = 102_641_958_912, Bandwidth = 1.792e12, Flops = 467.8e12, LinkBytesPerSecond = 32e9, PricePerHour = 1.79 },
    ];
}
