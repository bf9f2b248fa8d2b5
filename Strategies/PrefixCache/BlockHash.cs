namespace InferMesh.Strategies.PrefixCache;

/// <summary>
/// Identity of KV-cache blocks: block i of a prompt is named by a hash of its tokens and of block i - 1, so that equal names mean equal
/// prompts from the start. Only full blocks have a name. 64 bits, not cryptographic: a salt keeps tenants apart by construction, not by secrecy.
/// </summary>
public static class BlockHash
{
    /// <summary>Tokens of one block, as in vLLM.</summary>
    public const int BlockTokens = 16;

    // Odd constants with about half of their bits set: digits of pi and of the golden ratio.
    private const ulong MixA = 0x243F6A8885A308D3UL;
    private const ulong MixB = 0x13198A2E03707345UL;
    private const ulong MixC = 0x9E3779B97F4A7C15UL;

    /// <summary>The salt of a model, an adapter and a tenant: blocks with different salts never match. Pass "" for what does not apply.</summary>
    public static ulong Salt(string model, string adapter, string tenant) => Text(Text(Text(MixC, model), adapter), tenant);

    /// <summary>The name of one block.</summary>
    /// <param name="previous">Name of the block before it; 0 for the first.</param>
    /// <param name="tokens">Its tokens, usually <see cref="BlockTokens"/>.</param>
    /// <param name="salt">See <see cref="Salt"/>.</param>
    public static ulong Chain(ulong previous, ReadOnlySpan<int> tokens, ulong salt)
    {
        var hash = Fold(previous ^ MixA, salt ^ MixB);
        var i = 0;
        for (; i + 3 < tokens.Length; i += 4) hash = Fold(hash ^ Pair(tokens[i], tokens[i + 1]), MixB ^ Pair(tokens[i + 2], tokens[i + 3]));
        for (; i < tokens.Length; i++) hash = Fold(hash ^ (uint)tokens[i], MixC);
        return Fold(hash ^ (ulong)tokens.Length, MixA);
    }

    /// <summary>The names of all full blocks of a prompt; returns how many were written.</summary>
    /// <param name="tokens">The prompt.</param>
    /// <param name="salt">See <see cref="Salt"/>.</param>
    /// <param name="blocks">Room for the names; a longer prompt is cut.</param>
    public static int Chain(ReadOnlySpan<int> tokens, ulong salt, Span<ulong> blocks)
    {
        var count = Math.Min(tokens.Length / BlockTokens, blocks.Length);
        var previous = 0UL;
        for (var i = 0; i < count; i++) blocks[i] = previous = Chain(previous, tokens.Slice(i * BlockTokens, BlockTokens), salt);
        return count;
    }

    /// <summary>A name of a text, the same in every process.</summary>
    internal static ulong Name(string text) => Text(MixC, text);

    /// <summary>A number that two names make together, as if drawn at random.</summary>
    internal static ulong Mix(ulong a, ulong b) => Fold(a ^ MixA, b ^ MixB);

    private static ulong Text(ulong hash, string text)
    {
        foreach (var c in text) hash = Fold(hash ^ c, MixB);
        // The length ends each part: ("ab", "c") is not ("a", "bc").
        return Fold(hash ^ (ulong)text.Length, MixA);
    }

    private static ulong Pair(int a, int b) => (uint)a | ((ulong)(uint)b << 32);

    /// <summary>Folded multiplication: both halves of the 128-bit product, so that every input bit reaches every output bit.</summary>
    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
