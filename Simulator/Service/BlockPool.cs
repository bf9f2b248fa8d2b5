namespace InferMesh.Simulator.Service;

/// <summary>
/// KV blocks of one engine. Blocks that nobody shares are only counted; prompt blocks with a hash are kept by it, with a reference count, and stay
/// for reuse after their last holder until room is needed: least recently released first, the tail of a prompt before its head.
/// </summary>
/// <remarks>Blocks without a hash are reused before any kept one is removed. vLLM (v1 KV cache manager) keeps one queue for both.</remarks>
internal sealed class BlockPool(int total, bool reuse, IKvEvents? events)
{
    /// <summary>Tokens of one block.</summary>
    public const int BlockTokens = 16;

    private readonly Dictionary<ulong, int> _byHash = [];
    private Entry[] _entries = new Entry[16];
    private int _made;
    private int _freeEntry = -1;
    private int _oldest = -1;
    private int _newest = -1;
    private int _kept;

    /// <summary>Blocks of the cache.</summary>
    public int Total { get; } = total;

    /// <summary>Blocks held by requests.</summary>
    public int InUse { get; private set; }

    /// <summary>Blocks that a request can get, kept ones included.</summary>
    public int Available => Total - InUse;

    /// <summary>Blocks for that many tokens.</summary>
    public static int For(long tokens) => (int)((tokens + BlockTokens - 1) / BlockTokens);

    /// <summary>Leading blocks of a prompt that are here, and how many of them no request holds now.</summary>
    public int Match(ReadOnlySpan<ulong> prefix, out int idle)
    {
        idle = 0;
        var hits = 0;
        while (reuse && hits < prefix.Length && _byHash.TryGetValue(prefix[hits], out var entry))
        {
            idle += _entries[entry].Holders == 0 ? 1 : 0;
            hits++;
        }

        return hits;
    }

    /// <summary>Takes blocks that nobody shares. The caller has looked at <see cref="Available"/>.</summary>
    public void Take(int blocks)
    {
        InUse += blocks;
        while (InUse + _kept > Total)
            RemoveOldest();
    }

    /// <summary>Gives back blocks that nobody shares.</summary>
    public void Give(int blocks) => InUse -= blocks;

    /// <summary>Holds a block that <see cref="Match"/> found.</summary>
    public void Hold(ulong hash)
    {
        ref var entry = ref _entries[_byHash[hash]];
        if (entry.Holders++ > 0)
            return;

        Unlink(_byHash[hash]);
        InUse++;
    }

    /// <summary>Makes one taken block reusable under its hash. When another already is, the taken one goes back and that one is held instead.</summary>
    public void Share(ulong hash)
    {
        if (_byHash.ContainsKey(hash))
        {
            InUse--;
            Hold(hash);
            return;
        }

        var index = _freeEntry;
        if (index >= 0)
        {
            _freeEntry = _entries[index].Newer;
        }
        else
        {
            if (_made == _entries.Length)
                Array.Resize(ref _entries, _made * 2);
            index = _made++;
        }

        _entries[index] = new Entry { Hash = hash, Holders = 1 };
        _byHash.Add(hash, index);
        events?.Stored(hash);
    }

    /// <summary>Lets go of shared blocks, the last one first.</summary>
    public void Release(ReadOnlySpan<ulong> hashes)
    {
        for (var i = hashes.Length - 1; i >= 0; i--)
        {
            var index = _byHash[hashes[i]];
            ref var entry = ref _entries[index];
            if (--entry.Holders > 0)
                continue;

            InUse--;
            _kept++;
            (entry.Older, entry.Newer) = (_newest, -1);
            if (_newest >= 0)
                _entries[_newest].Newer = index;
            else
                _oldest = index;
            _newest = index;
        }
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        if (events is not null)
        {
            for (var i = 0; i < _made; i++)
            {
                if (_byHash.TryGetValue(_entries[i].Hash, out var index) && index == i)
                    events.Removed(_entries[i].Hash);
            }
        }

        _byHash.Clear();
        (_made, _freeEntry, _oldest, _newest, _kept, InUse) = (0, -1, -1, -1, 0, 0);
    }

    private void RemoveOldest()
    {
        var index = _oldest;
        Unlink(index);
        var hash = _entries[index].Hash;
        _byHash.Remove(hash);
        _entries[index].Newer = _freeEntry;
        _freeEntry = index;
        events?.Removed(hash);
    }

    private void Unlink(int index)
    {
        var (older, newer) = (_entries[index].Older, _entries[index].Newer);
        if (older >= 0)
            _entries[older].Newer = newer;
        else
            _oldest = newer;
        if (newer >= 0)
            _entries[newer].Older = older;
        else
            _newest = older;
        _kept--;
    }

    private struct Entry
    {
        public ulong Hash;
        public int Holders, Older, Newer;
    }
}
