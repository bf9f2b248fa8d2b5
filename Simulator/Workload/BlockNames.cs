namespace InferMesh.Simulator.Workload;

/// <summary>Names of KV blocks without their tokens: equal names mean equal prompts from the start up to there.</summary>
internal static class BlockNames
{
    /// <summary>Tokens of a block.</summary>
    public const int Tokens = 16;

    /// <summary>Name of the block that follows <paramref name="previous"/> (0 for none) in the text <paramref name="text"/>.</summary>
    public static ulong Next(ulong previous, ulong text) => Mix(previous ^ Mix(text));

    /// <summary>Finaliser of SplitMix64 after one step: every bit of the input moves every bit of the result.</summary>
    public static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
