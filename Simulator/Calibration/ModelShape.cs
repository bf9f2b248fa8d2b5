namespace InferMesh.Simulator.Calibration;

/// <summary>A dense transformer with grouped-query attention, as its published configuration describes it; weights and cache in bf16.</summary>
/// <param name="Name">Name, such as <c>llama-3.1-8b</c>.</param>
/// <param name="Layers">Transformer layers.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="KvHeads">Heads of keys and values.</param>
/// <param name="HeadSize">Width of a head.</param>
/// <param name="Intermediate">Width of the gated MLP.</param>
/// <param name="Vocabulary">Tokens of the vocabulary.</param>
public sealed record ModelShape(string Name, int Layers, int Hidden, int Heads, int KvHeads, int HeadSize, int Intermediate, int Vocabulary)
{
    /// <summary>Bytes of one number in bf16.</summary>
    public const int NumberBytes = 2;

    /// <summary>Llama 3.1 8B.</summary>
    public static ModelShape Llama8B { get; } = new("llama-3.1-8b", 32, 4096, 32, 8, 128, 14_336, 128_256);

    /// <summary>Qwen3 32B.</summary>
    public static ModelShape Qwen32B { get; } = new("qwen3-32b", 64, 5120, 64, 8, 128, 25_600, 151_936);

    /// <summary>Llama 3.1 70B.</summary>
    public static ModelShape Llama70B { get; } = new("llama-3.1-70b", 80, 8192, 64, 8, 128, 28_672, 128_256);

    /// <summary>Every model that profiles are shipped for, smallest first.</summary>
    public static IReadOnlyList<ModelShape> All { get; } = [Llama8B, Qwen32B, Llama70B];

    /// <summary>Bytes of keys and values of one token, all layers.</summary>
    public int KvBytesPerToken => 2 * Layers * KvHeads * HeadSize * NumberBytes;

    /// <summary>Weights of the matrices of one layer.</summary>
    public long LayerWeights => (long)Hidden * HeadSize * (2 * Heads + 2 * KvHeads) + 3L * Hidden * Intermediate;

    /// <summary>Weights of the output matrix.</summary>
    public long HeadWeights => (long)Hidden * Vocabulary;

    /// <summary>Bytes of all weights; norms are left out (less than 0.01 %).</summary>
    public long WeightBytes => (Layers * LayerWeights + 2 * HeadWeights) * NumberBytes;
}
