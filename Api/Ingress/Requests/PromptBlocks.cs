using System.Runtime.InteropServices;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Api.Ingress.Requests;

/// <summary>
/// Names of the blocks of a prompt. The ingress has no tokenizer: 64 bytes of the prompt as it stands in the body are taken for 16 tokens. Requests that begin alike
/// have the same names from the start, as the blocks of an engine's KV cache do; where the two differ, a target is credited a little more or less than it holds.
/// </summary>
internal static class PromptBlocks
{
    /// <summary>Bytes that stand in for the tokens of a block.</summary>
    public const int BlockBytes = BlockHash.BlockTokens * sizeof(int);

    /// <summary>Most blocks that are named: 128 KiB, about 32,000 tokens.</summary>
    public const int MaxBlocks = 2048;

    /// <summary>The chained names of the full blocks. A fine-tuned adapter is served as a model of its own name, so the model salts for it too.</summary>
    public static ulong[] Of(ReadOnlySpan<byte> prompt, string model, string tenant)
    {
        var blocks = new ulong[Math.Min(prompt.Length / BlockBytes, MaxBlocks)];
        BlockHash.Chain(MemoryMarshal.Cast<byte, int>(prompt[..(blocks.Length * BlockBytes)]), BlockHash.Salt(model, "", tenant), blocks);
        return blocks;
    }
}
