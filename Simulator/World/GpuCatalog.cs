using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace InferMesh.Simulator.World;

/// <summary>
/// GPU types that serve a Llama-3.1-8B class model in bf16 on one device. Approximate, for synthetic runtimes only.
/// </summary>
/// <remarks>
/// Derivation, with 16.06 GB of weights and 131,072 bytes of KV cache per token (32 layers, 8 KV heads of 128, bf16):
/// <list type="bullet">
/// <item>H100: step base, per-sequence and prefill time from LLMServingSim's profile of Llama-3.1-8B on H100 (dense layers at
/// 1, 128 and 2048 tokens, plus lm_head); KV time from AIConfigurator's generation attention (batch 64, 32 heads, 8 KV heads).</item>
/// <item>A100: step base, per-sequence and prefill time from Vidur's operator profile of Llama-3-8B on A100; KV time from AIConfigurator.</item>
/// <item>H200: the H100 with its memory-bound part scaled by bandwidth (4.8 against 3.35 TB/s); compute is equal.</item>
/// <item>L40S, L4: no measurement of this model at hand; memory-bound parts are bytes over 0.8 of the data-sheet bandwidth, prefill is
/// the A100's scaled by dense bf16 FLOPS and by the model-FLOPS utilisation ratio of BLIS (0.32 against 0.38).</item>
/// <item>A10G: as L4, from its data sheet (600 GB/s, 70 TFLOPS).</item>
/// <item>KV capacity: 0.9 of VRAM, less weights, less 3.76 GB (AIConfigurator's reserve), over the bytes per token.</item>
/// <item>Batched tokens: 8,192 on the H100 generation and 2,048 before it, as vLLM's API server chooses; 256 sequences.</item>
/// <item>Prices: H100, A100 and A10G from the cloud-gpus table of early 2025 (Lambda, Lambda, AWS); H200, L40S and L4 are list prices of that time.</item>
/// </list>
/// </remarks>
public static class GpuCatalog
{
    private const double WeightBytes = 16.06e9;
    private const double ReserveBytes = 3.76e9;
    private const double KvBytesPerToken = 131_072;
    private const long Gibibyte = 1L << 30;

    private static readonly GpuProfile[] Profiles =
    [
        Profile("H100-80G", 80, 1.99, 34_000, 8.0e-3, 16e-6, 0.045e-6, 8192),
        Profile("A100-80G", 80, 1.50, 13_500, 10.4e-3, 29e-6, 0.085e-6, 2048),
        Profile("L40S-48G", 45, 1.86, 13_000, 24.0e-3, 30e-6, 0.190e-6, 2048),
        Profile("H200-141G", 141, 3.79, 34_000, 6.2e-3, 16e-6, 0.034e-6, 8192),
        Profile("L4-24G", 24, 0.80, 4_400, 67.0e-3, 70e-6, 0.546e-6, 2048),
        Profile("A10G-24G", 24, 1.01, 2_600, 34.0e-3, 60e-6, 0.273e-6, 2048),
    ];

    private static readonly FrozenDictionary<string, GpuProfile> ByName =
        Profiles.ToFrozenDictionary(static profile => profile.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Every profile, in a stable order.</summary>
    public static IReadOnlyList<GpuProfile> All => Profiles;

    /// <summary>Finds a profile by its name, letter case aside.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out GpuProfile? profile) => ByName.TryGetValue(name, out profile);

    private static GpuProfile Profile(
        string name, int vramGibibytes, double price, double prefill, double stepBase, double perSequence, double perKvToken, int batchedTokens)
    {
        var vram = vramGibibytes * Gibibyte;
        return new GpuProfile
        {
            Name = name,
            VramTotalBytes = vram,
            PriceUsdPerHour = price,
            PrefillTokensPerSecond = prefill,
            StepBaseSeconds = stepBase,
            StepPerSequenceSeconds = perSequence,
            StepPerKvTokenSeconds = perKvToken,
            MaxConcurrentSequences = 256,
            MaxBatchedTokens = batchedTokens,
            KvCapacityTokens = (int)((vram * 0.9 - WeightBytes - ReserveBytes) / KvBytesPerToken),
        };
    }
}
