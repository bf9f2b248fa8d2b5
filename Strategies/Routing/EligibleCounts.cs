using System.Numerics;

namespace InferMesh.Strategies.Routing;

/// <summary>Who is eligible, as bits in the order of the set with counts over them: the n-th one is found without a look at all.</summary>
internal sealed class EligibleCounts(int targets)
{
    private const int WordsPerChunk = 16, ChunksPerPage = 64;

    private readonly ulong[] _words = new ulong[(targets + 63) / 64];
    private readonly int[] _chunks = new int[targets / (64 * WordsPerChunk) + 1];
    private readonly int[] _pages = new int[targets / (64 * WordsPerChunk * ChunksPerPage) + 1];

    /// <summary>Eligible targets.</summary>
    public int Count { get; private set; }

    public void Set(int target, bool eligible)
    {
        ref var word = ref _words[target / 64];
        var bit = 1UL << (target % 64);
        if ((word & bit) != 0 == eligible) return;
        word ^= bit;
        var change = eligible ? 1 : -1;
        Count += change;
        _chunks[target / (64 * WordsPerChunk)] += change;
        _pages[target / (64 * WordsPerChunk * ChunksPerPage)] += change;
    }

    /// <summary>The target with <paramref name="rank"/> eligible ones before it.</summary>
    public int At(int rank)
    {
        var page = 0;
        for (; rank >= _pages[page]; page++) rank -= _pages[page];
        var chunk = page * ChunksPerPage;
        for (; rank >= _chunks[chunk]; chunk++) rank -= _chunks[chunk];
        var word = chunk * WordsPerChunk;
        for (int count; rank >= (count = BitOperations.PopCount(_words[word])); word++) rank -= count;
        var bits = _words[word];
        for (; rank > 0; rank--) bits &= bits - 1;
        return word * 64 + BitOperations.TrailingZeroCount(bits);
    }
}
