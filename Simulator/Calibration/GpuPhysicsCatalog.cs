namespace InferMesh.Simulator.Calibration;

/// <summary>The GPU types that profiles are shipped for.</summary>
/// <remarks>
/// Bandwidth, operations and memory are the data sheets'. The shares that are reached were read from published kernel measurements:
/// <list type="bullet">
/// <item>RTX 4090, RTX PRO 6000: kernel tables of Llama-3.1-8B and Qwen3-32B inside vLLM 0.19 (LLMServingSim).</item>
/// <item>H100: matrix products of Llama-3.1-8B and 70B (LLMServingSim's older profiles); attention and all-reduce (AIConfigurator, vLLM 0.14).</item>
/// <item>A100: matrix products, attention and all-reduce (AIConfigurator, vLLM 0.14).</item>
/// <item>H200 and B200: the H100's shares. L40S, L4 and A10G: the RTX 4090's, but 0.58 of the operations, an assumption after the
/// utilisation that BLIS gives for the L40S. Nothing was measured on these five.</item>
/// <item>Prices: cloud-gpus of March 2025 where it lists the type; B200, RTX 4090 and RTX PRO 6000 are assumptions; H200, L40S and L4
/// are list prices of that time.</item>
/// </list>
/// </remarks>
public static class GpuPhysicsCatalog
{
    private const long Gibibyte = 1L << 30;

    private static readonly GpuPhysics H100 = new()
    {
        Name = "H100-80G",
        MemoryBytes = 80 * Gibibyte,
        Bandwidth = 3.35e12,
        Flops = 989e12,
        WeightEfficiency = 0.78,
        ComputeEfficiency = 0.76,
        KvEfficiency = 0.85,
        AttentionEfficiency = 0.40,
        LayerMicroseconds = 20,
        StepMicroseconds = 300,
        SequenceMicroseconds = 3,
        LinkBytesPerSecond = 245e9,
        LinkMicroseconds = 5,
        MaxBatchedTokens = 8192,
        PricePerHour = 1.99,
        Source = "measured kernels: LLMServingSim, AIConfigurator",
    };

    private static readonly GpuPhysics A100 = new()
    {
        Name = "A100-80G",
        MemoryBytes = 80 * Gibibyte,
        Bandwidth = 2.039e12,
        Flops = 312e12,
        WeightEfficiency = 0.68,
        ComputeEfficiency = 0.865,
        KvEfficiency = 0.75,
        AttentionEfficiency = 0.42,
        LayerMicroseconds = 22,
        StepMicroseconds = 300,
        SequenceMicroseconds = 3,
        LinkBytesPerSecond = 141e9,
        LinkMicroseconds = 6,
        MaxBatchedTokens = 2048,
        PricePerHour = 1.50,
        Source = "measured kernels: AIConfigurator",
    };

    private static readonly GpuPhysics Rtx4090 = new()
    {
        Name = "RTX4090-24G",
        MemoryBytes = 25_250_627_584,
        Bandwidth = 1.008e12,
        Flops = 165.2e12,
        WeightEfficiency = 0.92,
        ComputeEfficiency = 0.995,
        KvEfficiency = 0.86,
        AttentionEfficiency = 0.65,
        LayerMicroseconds = 18,
        StepMicroseconds = 100,
        SequenceMicroseconds = 1,
        LinkBytesPerSecond = 16e9,
        LinkMicroseconds = 20,
        MaxBatchedTokens = 2048,
        PricePerHour = 0.35,
        Source = "measured kernels: LLMServingSim",
    };

    private static readonly GpuPhysics RtxPro6000 = Rtx4090 with
    {
        Name = "RTXPRO6000-96G",
        MemoryBytes = 102_641_958_912,
        Bandwidth = 1.792e12,
        Flops = 467.8e12,
        WeightEfficiency = 0.79,
        ComputeEfficiency = 0.845,
        KvEfficiency = 0.75,
        AttentionEfficiency = 0.45,
        PricePerHour = 1.79,
    };

    private static readonly GpuPhysics Ada = Rtx4090 with { ComputeEfficiency = 0.58, Source = "the RTX 4090's shares, not measured" };

    /// <summary>Every type, in a stable order.</summary>
    public static IReadOnlyList<GpuPhysics> All { get; } =
    [
        H100,
        H100 with { Name = "H200-141G", MemoryBytes = 151_397_597_184, Bandwidth = 4.8e12, PricePerHour = 3.79, Source = "the H100's shares, not measured" },
        H100 with
        {
            Name = "B200-180G",
            MemoryBytes = 193_273_528_320,
            Bandwidth = 7.7e12,
            Flops = 2250e12,
            LinkBytesPerSecond = 490e9,
            PricePerHour = 4.99,
            Source = "the H100's shares, not measured",
        },
        A100,
        Ada with { Name = "A10G-24G", MemoryBytes = 24 * Gibibyte, Bandwidth = 0.6e12, Flops = 70e12, PricePerHour = 1.01 },
        Ada with { Name = "L40S-48G", MemoryBytes = 48_305_799_168, Bandwidth = 0.864e12, Flops = 362.05e12, PricePerHour = 1.86 },
        Ada with { Name = "L4-24G", MemoryBytes = 24 * Gibibyte, Bandwidth = 0.3e12, Flops = 121e12, PricePerHour = 0.80 },
        Rtx4090,
        RtxPro6000,
    ];
}
