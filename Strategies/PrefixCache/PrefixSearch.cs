using System.Numerics;

namespace InferMesh.Strategies.PrefixCache;

/// <summary>One lookup: follows a prompt and writes down each target where it leaves.</summary>
internal ref struct PrefixSearch
{
    private const int MaxLeap = 64;
    private const int Batch = 32;

    private readonly BlockHolders _holders;
    private readonly ReadOnlySpan<ulong> _chain;
    private readonly Span<PrefixMatch> _matches;
    private readonly Span<ulong> _alive;
    private readonly Span<ulong> _here;
    private readonly Span<double> _lost;
    private int _count;

    /// <summary>A search with room for two bit sets and, when tiers matter, for one number per target.</summary>
    public PrefixSearch(BlockHolders holders, ReadOnlySpan<ulong> chain, Span<PrefixMatch> matches, Span<ulong> bits, Span<double> lost)
    {
        _holders = holders;
        _chain = chain;
        _matches = matches;
        _lost = lost;
        _alive = bits[..holders.Words];
        _here = bits[holders.Words..];
        _lost.Clear();
        holders.Read(chain[0], _alive);
    }

    /// <summary>Exact when a target that holds a block holds all before it: leaps that grow while nobody leaves, and a bisection where somebody does.</summary>
    public int Leap()
    {
        var at = 0;
        var leap = 1;
        while (at < _chain.Length - 1 && _alive.ContainsAnyExcept(0UL))
        {
            var next = Math.Min(at + leap, _chain.Length - 1);
            if (AllAt(next))
            {
                at = next;
                leap = Math.Min(leap * 2, MaxLeap);
                continue;
            }
            var low = at;
            while (next - low > 1)
            {
                var middle = (low + next) / 2;
                if (AllAt(middle)) low = middle;
                else next = middle;
            }
            _holders.Read(_chain[next], _here);
            LeaveAt(next);
            at = next;
            leap = 1;
        }
        return End();
    }

    /// <summary>Exact always: looks at each block.</summary>
    public int Walk()
    {
        Span<int> places = stackalloc int[Batch];
        for (var from = 0; from < _chain.Length && _alive.ContainsAnyExcept(0UL); from += Batch)
        {
            var blocks = _chain.Slice(from, Math.Min(Batch, _chain.Length - from));
            _holders.Find(blocks, places);
            for (var i = 0; i < blocks.Length; i++)
            {
                if (_holders.AllHoldFirst(places[i], _alive)) continue;
                _holders.Read(blocks[i], _here);
                LeaveAt(from + i);
                Discount(from + i);
            }
        }
        return End();
    }

    private readonly bool AllAt(int position) => _holders.AllHoldFirst(_chain[position], _alive);

    /// <summary>Who is not in the bit set of this position holds the blocks before it only.</summary>
    private void LeaveAt(int position)
    {
        for (var w = 0; w < _alive.Length; w++)
        {
            for (var gone = _alive[w] & ~_here[w]; gone != 0; gone &= gone - 1) Write(w * 64 + BitOperations.TrailingZeroCount(gone), position);
            _alive[w] &= _here[w];
        }
    }

    private int End()
    {
        _here.Clear();
        LeaveAt(_chain.Length);
        return _count;
    }

    /// <summary>A block that is not in the memory of the GPU saves less.</summary>
    private readonly void Discount(int position)
    {
        for (var w = 0; w < _alive.Length; w++)
        {
            for (var left = _alive[w]; left != 0; left &= left - 1)
            {
                var target = w * 64 + BitOperations.TrailingZeroCount(left);
                _lost[target] += 1 - KvTiers.Weight(_holders.BestTier(_chain[position], target));
            }
        }
    }

    private void Write(int target, int blocks)
    {
        var match = new PrefixMatch(target, blocks, blocks - (_lost.IsEmpty ? 0 : _lost[target]));
        // Targets leave in the order of their matches: what comes later is longer, so a full list gives up its first.
        if (_count < _matches.Length)
        {
            _matches[_count++] = match;
        }
        else if (!_matches.IsEmpty)
        {
            _matches[1..].CopyTo(_matches);
            _matches[^1] = match;
        }
    }
}
