namespace InferMesh.Strategies.PrefixCache;

/// <summary>
/// Block names to small numbers: open addressing with linear probing, entries in one array, removal by shifting back. Allocates only when it grows.
/// Not thread-safe.
/// </summary>
internal sealed class BlockMap
{
    private const int Empty = int.MinValue;
    private const int FirstBits = 6;

    private Entry[] _entries;
    private int _shift;

    public BlockMap() => _entries = Cleared(FirstBits);

    public int Count { get; private set; }

    /// <summary>Where the block stands, for <see cref="Value"/> and <see cref="Remove"/>; -1 when it is unknown. Valid until the next change.</summary>
    public int Find(ulong block)
    {
        var mask = _entries.Length - 1;
        for (var i = Home(block); ; i = (i + 1) & mask)
        {
            ref readonly var entry = ref _entries[i];
            if (entry.Value == Empty) return -1;
            if (entry.Block == block) return i;
        }
    }

    public ref int Value(int position) => ref _entries[position].Value;

    /// <summary>Adds a block that is not there yet. Any value but <see cref="int.MinValue"/>.</summary>
    public void Add(ulong block, int value)
    {
        if ((Count + 1) * 3L > _entries.Length * 2L) Grow();
        Place(block, value);
        Count++;
    }

    public void Remove(int position)
    {
        // Whoever stands behind the hole and could not be found across it moves into it.
        var mask = _entries.Length - 1;
        for (var next = (position + 1) & mask; _entries[next].Value != Empty; next = (next + 1) & mask)
        {
            if (((next - Home(_entries[next].Block)) & mask) < ((next - position) & mask)) continue;
            _entries[position] = _entries[next];
            position = next;
        }
        _entries[position].Value = Empty;
        Count--;
    }

    public void Clear()
    {
        if (Count == 0) return;
        _entries.AsSpan().Fill(new(0, Empty));
        Count = 0;
    }

    private int Home(ulong block) => (int)((block * 0x9E3779B97F4A7C15UL) >> _shift);

    private void Place(ulong block, int value)
    {
        var i = Home(block);
        while (_entries[i].Value != Empty) i = (i + 1) & (_entries.Length - 1);
        _entries[i] = new(block, value);
    }

    private void Grow()
    {
        var old = _entries;
        _entries = Cleared(64 - _shift + 1);
        foreach (var entry in old)
        {
            if (entry.Value != Empty) Place(entry.Block, entry.Value);
        }
    }

    private Entry[] Cleared(int bits)
    {
        _shift = 64 - bits;
        var entries = new Entry[1 << bits];
        entries.AsSpan().Fill(new(0, Empty));
        return entries;
    }

    private struct Entry(ulong block, int value)
    {
        public readonly ulong Block = block;
        public int Value = value;
    }
}
