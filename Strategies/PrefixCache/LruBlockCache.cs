namespace InferMesh.Strategies.PrefixCache;

/// <summary>
/// Which blocks a cache of limited size holds, least recently used out first. Allocates only while it fills up. Not thread-safe.
/// </summary>
public sealed class LruBlockCache
{
    private readonly BlockMap _nodeOf = new();
    private Node[] _nodes = new Node[16];
    private int _used = 1; // node 0 is the ring's own: its next is the newest, its previous the oldest
    private int _free;

    /// <summary>A cache of <paramref name="capacity"/> blocks, 1 or more.</summary>
    public LruBlockCache(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
    }

    /// <summary>Blocks that fit.</summary>
    public int Capacity { get; }

    /// <summary>Blocks held.</summary>
    public int Count => _nodeOf.Count;

    /// <summary>Whether the block is held; changes nothing.</summary>
    public bool Contains(ulong block) => _nodeOf.Find(block) >= 0;

    /// <summary>Blocks at the start of the chain that are held without a gap; changes nothing.</summary>
    public int Match(ReadOnlySpan<ulong> chain)
    {
        var matched = 0;
        while (matched < chain.Length && Contains(chain[matched])) matched++;
        return matched;
    }

    /// <summary>Makes the block the newest if it is held, and says whether it is.</summary>
    public bool Touch(ulong block)
    {
        var position = _nodeOf.Find(block);
        if (position < 0) return false;
        var node = _nodeOf.Value(position);
        if (_nodes[0].Next == node) return true;
        Unlink(node);
        Link(node);
        return true;
    }

    /// <summary>Takes a block in as the newest; a full cache gives up its oldest.</summary>
    /// <param name="block">The block; one that is held is touched.</param>
    /// <param name="evicted">The block that had to go.</param>
    /// <returns>What happened.</returns>
    public LruChange Add(ulong block, out ulong evicted)
    {
        evicted = 0;
        if (Touch(block)) return LruChange.Held;
        var change = LruChange.Added;
        if (Count == Capacity)
        {
            evicted = _nodes[_nodes[0].Previous].Block;
            Remove(evicted);
            change = LruChange.Replaced;
        }
        var node = Take();
        _nodes[node].Block = block;
        Link(node);
        _nodeOf.Add(block, node);
        return change;
    }

    /// <summary>Forgets a block; false when it is not held.</summary>
    public bool Remove(ulong block)
    {
        var position = _nodeOf.Find(block);
        if (position < 0) return false;
        var node = _nodeOf.Value(position);
        _nodeOf.Remove(position);
        Unlink(node);
        _nodes[node].Next = _free;
        _free = node;
        return true;
    }

    /// <summary>The oldest block; false when there is none.</summary>
    public bool TryOldest(out ulong block)
    {
        block = _nodes[_nodes[0].Previous].Block;
        return Count > 0;
    }

    /// <summary>Forgets all blocks.</summary>
    public void Clear()
    {
        _nodeOf.Clear();
        (_nodes[0], _used, _free) = (default, 1, 0);
    }

    private int Take()
    {
        if (_free > 0)
        {
            var node = _free;
            _free = _nodes[node].Next;
            return node;
        }
        if (_used == _nodes.Length) Array.Resize(ref _nodes, (int)Math.Min(_nodes.Length * 2L, Capacity + 1L));
        return _used++;
    }

    private void Link(int node)
    {
        var newest = _nodes[0].Next;
        (_nodes[node].Next, _nodes[node].Previous) = (newest, 0);
        (_nodes[newest].Previous, _nodes[0].Next) = (node, node);
    }

    private void Unlink(int node)
    {
        var (next, previous) = (_nodes[node].Next, _nodes[node].Previous);
        (_nodes[next].Previous, _nodes[previous].Next) = (previous, next);
    }

    private struct Node
    {
        public ulong Block;
        public int Next;
        public int Previous;
    }
}

/// <summary>What <see cref="LruBlockCache.Add"/> did.</summary>
public enum LruChange : byte
{
    /// <summary>The block was held already.</summary>
    Held = 0,

    /// <summary>The block was added; there was room.</summary>
    Added,

    /// <summary>The block was added in the place of the oldest.</summary>
    Replaced,
}
