using InferMesh.Strategies.Admission;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Keeps, for a set that one owner updates in place, what a decision would otherwise have to work out anew for every target: who is eligible under
/// an admission limit, and the bounds of each block of <see cref="BlockSize"/> and each group of <see cref="GroupBlocks"/> blocks. Not thread safe.
/// </summary>
internal sealed class TargetIndex
{
    /// <summary>Targets of a block.</summary>
    public const int BlockSize = 16;

    /// <summary>Blocks of a group.</summary>
    public const int GroupBlocks = 64;

    private readonly TargetSet _targets;
    private readonly FilterReason[] _verdicts;
    private readonly double[] _loads;
    private readonly BlockBounds[] _blocks;
    private readonly BlockBounds[] _groups;
    private readonly bool[] _blockDirty;
    private readonly bool[] _groupDirty;
    private AdmissionLimits _limits = AdmissionLimits.Default;

    public TargetIndex(TargetSet targets)
    {
        _targets = targets;
        _verdicts = new FilterReason[targets.Count];
        _loads = new double[targets.Count];
        _blocks = new BlockBounds[(targets.Count + BlockSize - 1) / BlockSize];
        _groups = new BlockBounds[(_blocks.Length + GroupBlocks - 1) / GroupBlocks];
        _blockDirty = new bool[_blocks.Length];
        _groupDirty = new bool[_groups.Length];
        Rebuild(_limits);
    }

    /// <summary>Verdict of each target on its own: standing and admission, nothing that a request or a policy asks for.</summary>
    public ReadOnlySpan<FilterReason> Verdicts => _verdicts;

    /// <summary>Targets whose verdict is none.</summary>
    public int Eligible { get; private set; }

    /// <summary>Requests on the eligible targets.</summary>
    public double EligibleLoad { get; private set; }

    /// <summary>Sequences that the eligible targets batch.</summary>
    public double EligibleRoom { get; private set; }

    public int Groups => _groups.Length;

    /// <summary>Makes the verdicts those of an admission limit.</summary>
    public void Use(AdmissionLimits limits)
    {
        if (!ReferenceEquals(limits, _limits) && limits != _limits) Rebuild(limits);
    }

    /// <summary>Takes a changed target in.</summary>
    public void Changed(int target)
    {
        var load = _targets.Load(target);
        var verdict = Judge(target, load);
        var before = _verdicts[target];
        if (before == FilterReason.None) Count(-1, _loads[target], target);
        if (verdict == FilterReason.None) Count(1, load, target);
        var block = target / BlockSize;
        ref var bounds = ref _blocks[block];
        // What only gets better moves the bound at once; what gets worse may have held it.
        if (verdict == FilterReason.None && before == FilterReason.None && !_blockDirty[block] && load <= _loads[target])
        {
            bounds.MinLoad = Math.Min(bounds.MinLoad, load);
            bounds.MaxSampledAtTicks = Math.Max(bounds.MaxSampledAtTicks, _targets.SampledAtTicks[target]);
            bounds.MinColdStartSeconds = Math.Min(bounds.MinColdStartSeconds, _targets.Cost[target].ColdStartSeconds);
        }
        else
        {
            _blockDirty[block] = true;
        }
        _groupDirty[block / GroupBlocks] = true;
        (_verdicts[target], _loads[target]) = (verdict, load);
    }

    /// <summary>Takes newer readings of a run of targets in that are otherwise the same. Bounds may be newer than any target: they stay bounds.</summary>
    public void Refreshed(int from, int to, long sampledAtTicks)
    {
        for (var block = from / BlockSize; block * BlockSize < to; block++)
        {
            ref var bounds = ref _blocks[block];
            bounds.MaxSampledAtTicks = Math.Max(bounds.MaxSampledAtTicks, sampledAtTicks);
        }
        for (var group = from / (BlockSize * GroupBlocks); group * BlockSize * GroupBlocks < to; group++)
        {
            ref var bounds = ref _groups[group];
            bounds.MaxSampledAtTicks = Math.Max(bounds.MaxSampledAtTicks, sampledAtTicks);
        }
    }

    /// <summary>Bounds of a group.</summary>
    public ref readonly BlockBounds Group(int group)
    {
        if (_groupDirty[group])
        {
            var bounds = BlockBounds.None;
            var last = LastBlock(group);
            for (var block = group * GroupBlocks; block < last; block++) bounds.Add(Block(block));
            _groups[group] = bounds;
            _groupDirty[group] = false;
        }
        return ref _groups[group];
    }

    /// <summary>Bounds of a block.</summary>
    public ref readonly BlockBounds Block(int block)
    {
        if (_blockDirty[block])
        {
            var bounds = BlockBounds.None;
            var last = Math.Min(_targets.Count, (block + 1) * BlockSize);
            for (var i = block * BlockSize; i < last; i++)
            {
                if (_verdicts[i] == FilterReason.None) bounds.Add(_targets.Cost[i], _loads[i], _targets.SampledAtTicks[i]);
            }
            _blocks[block] = bounds;
            _blockDirty[block] = false;
        }
        return ref _blocks[block];
    }

    /// <summary>One past the last block of a group.</summary>
    public int LastBlock(int group) => Math.Min(_blocks.Length, (group + 1) * GroupBlocks);

    /// <summary>The eligible target with <paramref name="rank"/> eligible ones before it.</summary>
    public int EligibleAt(int rank)
    {
        var group = 0;
        for (; rank >= Group(group).Eligible; group++) rank -= Group(group).Eligible;
        var block = group * GroupBlocks;
        for (; rank >= Block(block).Eligible; block++) rank -= Block(block).Eligible;
        var target = block * BlockSize;
        while (_verdicts[target] != FilterReason.None || rank-- > 0) target++;
        return target;
    }

    private void Rebuild(AdmissionLimits limits)
    {
        _limits = limits;
        (Eligible, EligibleLoad, EligibleRoom) = (0, 0, 0);
        for (var i = 0; i < _verdicts.Length; i++)
        {
            _loads[i] = _targets.Load(i);
            _verdicts[i] = Judge(i, _loads[i]);
            if (_verdicts[i] == FilterReason.None) Count(1, _loads[i], i);
        }
        Array.Fill(_blockDirty, true);
        Array.Fill(_groupDirty, true);
    }

    private FilterReason Judge(int target, double load) =>
        _targets.Standing[target] is var standing and not FilterReason.None ? standing : TargetFilter.Load(_targets, target, load, _limits);

    private void Count(int sign, double load, int target)
    {
        Eligible += sign;
        EligibleLoad += sign * load;
        EligibleRoom += sign * _targets.BatchSize(target);
    }
}
