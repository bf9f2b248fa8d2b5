using System.Numerics;

namespace InferMesh.Strategies.PrefixCache;

/// <summary>
/// Who holds each block: one target as a plain number (most blocks), several as a row of bits per tier. Allocates only when it grows. Not thread-safe.
/// </summary>
internal sealed class BlockHolders(int tiers)
{
    private const int Nowhere = int.MinValue;

    private readonly BlockMap _map = new();
    private ulong[] _rows = [];
    private int[] _rowHolders = [];
    private int _rowsUsed;
    private int _freeRow = -1;

    /// <summary>Words of a bit set over all targets.</summary>
    public int Words { get; private set; }

    public int Blocks => _map.Count;

    private int Stride => Words * tiers;

    /// <summary>Makes room for target numbers below <paramref name="targets"/>.</summary>
    public void Reserve(int targets)
    {
        var words = (targets + 63) / 64;
        if (words <= Words) return;
        var grown = new ulong[_rowHolders.Length * words * tiers];
        for (var slice = 0; slice < _rowsUsed * tiers; slice++) _rows.AsSpan(slice * Words, Words).CopyTo(grown.AsSpan(slice * words));
        (_rows, Words) = (grown, words);
    }

    /// <summary>Adds a holder; false when it was one already.</summary>
    public bool Add(ulong block, int target, int tier)
    {
        var position = _map.Find(block);
        if (position < 0)
        {
            _map.Add(block, target * KvTiers.Count + tier);
            return true;
        }
        ref var value = ref _map.Value(position);
        if (value >= 0)
        {
            if (value == target * KvTiers.Count + tier) return false;
            var (first, firstTier) = (value / KvTiers.Count, value % KvTiers.Count);
            var row = TakeRow();
            value = ~row;
            Bit(row, first, firstTier) |= Mask(first);
            _rowHolders[row] = 1;
        }
        ref var bits = ref Bit(~value, target, tier);
        if ((bits & Mask(target)) != 0) return false;
        bits |= Mask(target);
        _rowHolders[~value]++;
        return true;
    }

    /// <summary>Takes a holder away; false when it was none.</summary>
    public bool Remove(ulong block, int target, int tier)
    {
        var position = _map.Find(block);
        if (position < 0) return false;
        var value = _map.Value(position);
        if (value >= 0)
        {
            if (value != target * KvTiers.Count + tier) return false;
            _map.Remove(position);
            return true;
        }
        ref var bits = ref Bit(~value, target, tier);
        if ((bits & Mask(target)) == 0) return false;
        bits &= ~Mask(target);
        if (--_rowHolders[~value] > 0) return true;
        _map.Remove(position);
        FreeRow(~value);
        return true;
    }

    /// <summary>Whether the target holds the block in any tier.</summary>
    public bool Holds(ulong block, int target) => Tier(block, target) < tiers;

    /// <summary>The fastest tier in which the target holds the block.</summary>
    public KvTier BestTier(ulong block, int target) => (KvTier)Tier(block, target);

    private int Tier(ulong block, int target)
    {
        var position = _map.Find(block);
        if (position < 0) return tiers;
        var value = _map.Value(position);
        if (value >= 0) return value / KvTiers.Count == target ? value % KvTiers.Count : tiers;
        var tier = 0;
        while (tier < tiers && (Bit(~value, target, tier) & Mask(target)) == 0) tier++;
        return tier;
    }

    /// <summary>
    /// Finds blocks, for <see cref="AllHoldFirst(int, ReadOnlySpan{ulong})"/>. Many at once: the searches do not depend on each other, so the processor waits for memory once and not once each.
    /// </summary>
    public void Find(ReadOnlySpan<ulong> blocks, Span<int> places)
    {
        for (var i = 0; i < blocks.Length; i++)
        {
            var position = _map.Find(blocks[i]);
            places[i] = position < 0 ? Nowhere : _map.Value(position);
        }
    }

    /// <summary>Whether all of these targets hold the block in the fastest tier: the common case, and the one that must be quick.</summary>
    public bool AllHoldFirst(int place, ReadOnlySpan<ulong> targets)
    {
        if (place == Nowhere) return false;
        if (place >= 0)
        {
            if (place % KvTiers.Count != 0) return false;
            var only = place / KvTiers.Count;
            for (var w = 0; w < targets.Length; w++) if ((targets[w] & ~(w == only / 64 ? Mask(only) : 0)) != 0) return false;
            return true;
        }
        var row = _rows.AsSpan(~place * Stride, targets.Length);
        var missing = 0UL;
        for (var w = 0; w < row.Length; w++) missing |= targets[w] & ~row[w];
        return missing == 0;
    }

    /// <summary>See <see cref="AllHoldFirst(int, ReadOnlySpan{ulong})"/>.</summary>
    public bool AllHoldFirst(ulong block, ReadOnlySpan<ulong> targets)
    {
        var position = _map.Find(block);
        return position >= 0 && AllHoldFirst(_map.Value(position), targets);
    }

    /// <summary>The holders of a block in all tiers.</summary>
    public void Read(ulong block, Span<ulong> holders)
    {
        holders.Clear();
        var position = _map.Find(block);
        if (position < 0) return;
        for (var tier = 0; tier < tiers; tier++) Merge(_map.Value(position), tier, holders);
    }

    private void Merge(int value, int tier, Span<ulong> holders)
    {
        if (value >= 0)
        {
            if (value % KvTiers.Count == tier) holders[value / KvTiers.Count / 64] |= Mask(value / KvTiers.Count);
            return;
        }
        var row = _rows.AsSpan(~value * Stride + tier * Words, Words);
        for (var w = 0; w < row.Length; w++) holders[w] |= row[w];
    }

    private ref ulong Bit(int row, int target, int tier) => ref _rows[row * Stride + tier * Words + target / 64];

    private static ulong Mask(int target) => 1UL << (target & 63);

    private int TakeRow()
    {
        if (_freeRow >= 0)
        {
            var row = _freeRow;
            _freeRow = _rowHolders[row];
            return row;
        }
        if (_rowsUsed == _rowHolders.Length)
        {
            Array.Resize(ref _rowHolders, Math.Max(16, (int)BitOperations.RoundUpToPowerOf2((uint)_rowsUsed + 1)));
            Array.Resize(ref _rows, _rowHolders.Length * Stride);
        }
        return _rowsUsed++;
    }

    // A row that is given back is all zero, and its count is the link to the next free one.
    private void FreeRow(int row)
    {
        _rowHolders[row] = _freeRow;
        _freeRow = row;
    }
}
