using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Cli.Replay;

/// <summary>Writes prompts of an exact estimated size: four ASCII bytes per token, so that bytes over four is the count.</summary>
internal static class PromptBuilder
{
    public const int BytesPerToken = 4;
    private const int BlockTokens = 512;
    private const string Consonants = "bcdfghjklmnprstv";
    private const string Vowels = "aeio";

    /// <summary>Fills <paramref name="target"/>, whose length is a multiple of four, with the prompt of one record.</summary>
    /// <param name="target">Where the text goes.</param>
    /// <param name="record">What it stands for; records that share block ids get equal text there, so that prefix caches see what the trace saw.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="index">Index of the record: prompts without block ids all differ.</param>
    public static void Write(Span<byte> target, in TraceRecord record, int seed, int index)
    {
        const int BlockBytes = BlockTokens * BytesPerToken;
        for (var block = 0; target.Length > 0; block++)
        {
            var part = target[..Math.Min(BlockBytes, target.Length)];
            var id = record.PrefixBlocks is { } blocks && block < blocks.Count
                ? (ulong)(uint)blocks[block]
                : (1UL << 63) | ((ulong)(uint)index << 24) | (uint)block;
            Fill(part, Mix(id ^ ((ulong)(uint)seed << 32)));
            target = target[part.Length..];
        }
    }

    private static void Fill(Span<byte> part, ulong state)
    {
        state |= 1;
        for (var i = 0; i + BytesPerToken <= part.Length; i += BytesPerToken)
        {
            // xorshift64 (Marsaglia, 2003): three shifts per word.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            part[i] = (byte)Consonants[(int)(state >> 60)];
            part[i + 1] = (byte)Vowels[(int)((state >> 56) & 3)];
            part[i + 2] = (byte)Consonants[(int)((state >> 50) & 15)];
            part[i + 3] = (byte)' ';
        }
    }

    // The finaliser of splitmix64: neighbouring ids must not start alike.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
