using System.Numerics;

namespace InferMesh.Strategies.PrefixCache;

/// <summary>What a target has of a prompt.</summary>
/// <param name="Target">Number of the target.</param>
/// <param name="Blocks">Blocks from the start of the prompt, without a gap.</param>
/// <param name="Credit">The same, each weighted by its tier: the blocks of prefill that it saves.</param>
public readonly record struct PrefixMatch(int Target, int Blocks, double Credit);

/// <summary>
/// Which target holds the longest start of a prompt. Approximate: filled by what was sent where (<see cref="Insert"/>), each target a least-recently-used
/// cache of its own size. Precise: filled by the engines' own events (<see cref="Stored"/>, <see cref="Removed"/>). Targets are small numbers that the owner gives out.
/// Allocates only while it fills up. Not thread-safe.
/// </summary>
/// <remarks>
/// A positional index as in NVIDIA Dynamo: block to holders, and a lookup that leaps along the prompt. Names of blocks are chained, so holding one of an LRU
/// whose prompts are touched from their end to their start means holding all before it; leaps are exact then. Events give no such promise: in precise mode
/// each block is looked at.
/// </remarks>
public sealed class PrefixIndex
{
    /// <summary>Most targets.</summary>
    public const int MaxTargets = 4096;

    private readonly bool _precise;
    private readonly int _blocksPerTarget;
    private readonly BlockHolders _holders;
    private LruBlockCache?[] _blocks = [];
    private long[] _lastSequence = [];

    /// <summary>Creates an empty index.</summary>
    /// <param name="blocksPerTarget">Blocks that one target can hold, 1 or more. In precise mode a guard only: beyond it the oldest are forgotten.</param>
    /// <param name="precise">Whether events fill it.</param>
    public PrefixIndex(int blocksPerTarget, bool precise = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocksPerTarget, 1);
        (_blocksPerTarget, _precise) = (blocksPerTarget, precise);
        _holders = new(precise ? KvTiers.Count : 1);
    }

    /// <summary>Different blocks that anybody holds.</summary>
    public int Blocks => _holders.Blocks;

    /// <summary>Events that were missed so far: each cost the target's whole tree.</summary>
    public long Gaps { get; private set; }

    /// <summary>Blocks that a target holds.</summary>
    public int BlocksOf(int target) => target < _blocks.Length ? _blocks[target]?.Count ?? 0 : 0;

    /// <summary>The prompt was sent to the target: it will hold its blocks, and give up what it used longest ago.</summary>
    public void Insert(int target, ReadOnlySpan<ulong> chain)
    {
        var cache = CacheOf(target);
        // From the end to the start: the start is the newest then, so that a prompt is forgotten from its end.
        for (var i = Math.Min(chain.Length, cache.Capacity) - 1; i >= 0; i--) Take(cache, chain[i], target, KvTier.Gpu);
    }

    /// <summary>An engine stored blocks.</summary>
    /// <param name="target">The target.</param>
    /// <param name="sequence">Number of the event, one more than that of the last one; 0 when the engine started anew.</param>
    /// <param name="blocks">Names of the blocks.</param>
    /// <param name="tier">Where they are.</param>
    /// <returns>False when events are missing before it: all that was known of the target has been dropped first.</returns>
    public bool Stored(int target, long sequence, ReadOnlySpan<ulong> blocks, KvTier tier = KvTier.Gpu)
    {
        var cache = CacheOf(target);
        if (!Accept(target, sequence, out var whole)) return true;
        foreach (var block in blocks) Take(cache, block, target, tier);
        return whole;
    }

    /// <summary>An engine gave up blocks. Parameters and answer as for <see cref="Stored"/>.</summary>
    public bool Removed(int target, long sequence, ReadOnlySpan<ulong> blocks, KvTier tier = KvTier.Gpu)
    {
        var cache = CacheOf(target);
        if (!Accept(target, sequence, out var whole)) return true;
        foreach (var block in blocks)
        {
            if (_holders.Remove(block, target, (int)tier) && !_holders.Holds(block, target)) cache.Remove(block);
        }
        return whole;
    }

    /// <summary>Forgets a target and the numbers of its events.</summary>
    public void Clear(int target)
    {
        if (target >= _blocks.Length || _blocks[target] is not { } cache) return;
        while (cache.TryOldest(out var block)) Forget(cache, block, target);
        _lastSequence[target] = -1;
    }

    /// <summary>Blocks of the chain that the target holds from its start, changing nothing.</summary>
    public int Match(int target, ReadOnlySpan<ulong> chain) => target < _blocks.Length ? _blocks[target]?.Match(chain) ?? 0 : 0;

    /// <summary>All targets that hold a start of the prompt, in no particular order but always the same; returns how many were written.</summary>
    /// <param name="chain">Names of the prompt's blocks.</param>
    /// <param name="matches">Room for the answer; what does not fit is left out, shortest matches first.</param>
    public int Lookup(ReadOnlySpan<ulong> chain, Span<PrefixMatch> matches)
    {
        if (chain.IsEmpty || _holders.Words == 0) return 0;
        var search = new PrefixSearch(_holders, chain, matches, stackalloc ulong[_holders.Words * 2], _precise ? stackalloc double[_holders.Words * 64] : []);
        return _precise ? search.Walk() : search.Leap();
    }

    private LruBlockCache CacheOf(int target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(target);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(target, MaxTargets);
        if (target >= _blocks.Length)
        {
            var size = Math.Max(8, (int)BitOperations.RoundUpToPowerOf2((uint)target + 1));
            var known = _lastSequence.Length;
            Array.Resize(ref _blocks, size);
            Array.Resize(ref _lastSequence, size);
            _lastSequence.AsSpan(known).Fill(-1);
            _holders.Reserve(size);
        }
        return _blocks[target] ??= new(_blocksPerTarget);
    }

    /// <summary>False for an event that was seen before.</summary>
    private bool Accept(int target, long sequence, out bool whole)
    {
        whole = true;
        var last = _lastSequence[target];
        if (sequence == 0 && last >= 0)
        {
            Clear(target);
        }
        else if (last >= 0)
        {
            if (sequence <= last) return false;
            whole = sequence == last + 1;
            if (!whole)
            {
                Gaps++;
                Clear(target);
            }
        }
        _lastSequence[target] = sequence;
        return true;
    }

    private void Take(LruBlockCache cache, ulong block, int target, KvTier tier)
    {
        var change = cache.Add(block, out var evicted);
        if (change == LruChange.Replaced) ForgetHolder(evicted, target);
        if (change != LruChange.Held || _precise) _holders.Add(block, target, (int)tier);
    }

    private void Forget(LruBlockCache cache, ulong block, int target)
    {
        cache.Remove(block);
        ForgetHolder(block, target);
    }

    private void ForgetHolder(ulong block, int target)
    {
        for (var tier = 0; tier < (_precise ? KvTiers.Count : 1); tier++) _holders.Remove(block, target, tier);
    }
}
