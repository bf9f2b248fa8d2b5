using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>What is left of a GPU's memory for keys and values.</summary>
internal static class EngineMemory
{
    /// <summary>Share of the memory that the runtime takes (vLLM's default).</summary>
    public const double Utilization = 0.9;

    // A vLLM 0.19 run of Llama-3.1-8B with 2,048 tokens a step reported 2,588 blocks on a GPU of 25,250,627,584 bytes: what is missing.
    private const double ReserveAt2048 = 1.238e9;

    // AIConfigurator's reserve, for the 8,192 tokens a step of larger GPUs.
    private const double ReserveAt8192 = 3.76e9;

    /// <summary>KV blocks that fit, 0 or less when not even the weights do.</summary>
    public static int KvBlocks(double memoryBytes, ModelShape model, int tensorParallel, int batchedTokens)
    {
        var reserve = batchedTokens > 2048 ? ReserveAt8192 : ReserveAt2048;
        var free = memoryBytes * Utilization - (double)model.WeightBytes / tensorParallel - reserve;
        return (int)Math.Floor(free * tensorParallel / model.KvBytesPerToken / BlockPool.BlockTokens);
    }
}
