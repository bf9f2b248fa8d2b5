using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Bounds over the targets of a tracked set: level 0 holds the targets, each level above one entry per 16 of the level below. What gets better moves the bounds above it at once; what gets
/// worse leaves them too low, which is still a bound, until a search comes by and finds nothing (<see cref="Tighten"/>). So an update costs the same at any size, and only bounds that
/// look promising are ever worked out anew.
/// </summary>
internal sealed class BoundTree
{
    // A reading older than this beside the newest of its run counts as so old: what age adds ends at twice this.
    private const long MaxSpreadTicks = (long)(CostModel.MaxAgeSeconds / 2 * TimeSpan.TicksPerSecond);
    private const int LaneBits = 4;
    private const double SecondsPerTick = 1e-7;
    private const double Most = 1e290;

    /// <summary>The time per token of what is not there. Not infinite: what is multiplied by it may be 0.</summary>
    internal const double Huge = 1e300;


    private readonly TargetSet _targets;
    private readonly CellClocks _cells;
    private readonly CellRuns _runs;
    private readonly int[] _row;
    private readonly int[] _slot;
    private readonly double[][] _levels;
    private readonly ushort[][] _loose;
    private readonly CostModel _cost;
    private readonly double _perTick;

    public BoundTree(TargetSet targets, CellClocks cells, CostModel cost, IFixedScore? fixedScore)
    {
        (_targets, _cells, _cost, _perTick) = (targets, cells, cost, cost.UncertaintyPerSecond * SecondsPerTick);
        Fixed = fixedScore;
        for (var row = 0; row < targets.Count; row++) EpochTicks = Math.Max(EpochTicks, targets.SampledAt(row));
        (_row, _slot) = (targets.Order!.Target, targets.Order.Place);
        _runs = new(cells, _row);
        var sizes = new List<int>();
        for (var entries = Math.Max(1, _row.Length); ; entries = Groups(entries))
        {
            sizes.Add(Groups(entries));
            if (entries <= BoundGroup.Lanes) break;
        }
        _levels = [.. sizes.Select(groups => new double[groups * BoundGroup.Length])];
        _loose = [.. sizes.Select(groups => new ushort[groups])];
        foreach (var level in _levels) for (var entry = 0; entry < level.Length / BoundGroup.Columns; entry++) Clear(level, entry);
    }

    /// <summary>Level of the root group.</summary>
    public int Top => _levels.Length - 1;

    /// <summary>Whether what it keeps of the age of readings and of the others on a target is what a cost model makes of them.</summary>
    public bool IsOf(CostModel cost) => cost.UncertaintyPerSecond == _cost.UncertaintyPerSecond && cost.ThroughputWeight == _cost.ThroughputWeight;

    /// <summary>What the seconds of backlogged targets count from, UTC ticks.</summary>
    public long EpochTicks { get; }

    /// <summary>What the column of scores holds; null when nothing.</summary>
    public IFixedScore? Fixed { get; }

    /// <summary>Target of a place at level 0.</summary>
    public int Row(int slot) => _row[slot];

    /// <summary>First and last place below an entry.</summary>
    public (int First, int Last) Places(int level, int entry) =>
        (entry << (LaneBits * level), Math.Min(_row.Length, (int)Math.Min(int.MaxValue, (entry + 1L) << (LaneBits * level))) - 1);

    public BoundGroup Group(int level, int group)
    {
        if (level == 0 && _runs.IsBehind(group)) CatchUp(group);
        return new(_levels[level].AsSpan(group * BoundGroup.Length, BoundGroup.Length), this);
    }

    /// <summary>Writes all targets and all bounds.</summary>
    public void Fill(ReadOnlySpan<FilterReason> verdicts, ReadOnlySpan<double> loads)
    {
        for (var row = 0; row < _slot.Length; row++)
        {
            Write(row, verdicts[row] == FilterReason.None, loads[row]);
        }
        for (var level = 1; level <= Top; level++)
        {
            var below = _levels[level - 1].Length / BoundGroup.Length;
            for (var entry = 0; entry < below; entry++)
            {
                Summarise(level, entry);
                ref var at = ref _levels[level][Place(entry)];
                ref var from = ref _levels[level - 1][entry * BoundGroup.Length];
                for (var column = BoundColumn.Rtt; column <= BoundColumn.OutputDollars; column++)
                    At(ref at, column) = Least(ref At(ref from, column));
            }
        }
        foreach (var loose in _loose) Array.Clear(loose);
    }

    /// <summary>Takes a changed target in.</summary>
    public void Changed(int row, bool eligible, double load)
    {
        Write(row, eligible, load);
        var entry = _slot[row];
        ref var own = ref _levels[0][Place(entry)];
        var newest = Bits(At(ref own, BoundColumn.Newest));
        for (var level = 1; level <= Top; level++)
        {
            entry /= BoundGroup.Lanes;
            _loose[level][entry / BoundGroup.Lanes] |= (ushort)(1 << (entry % BoundGroup.Lanes));
            if (!eligible) continue;
            ref var above = ref _levels[level][Place(entry)];
            var aged = Raise(ref above, newest);
            for (var column = BoundColumn.Step; column <= BoundColumn.FullPrefill; column++) Lower(ref At(ref above, column), At(ref own, column));
            for (var column = BoundColumn.Oldest; column <= BoundColumn.BusyFullPrefill; column++) Lower(ref At(ref above, column), At(ref own, column));
            for (var column = BoundColumn.Slack; column <= BoundColumn.ColdStart; column++) Lower(ref At(ref above, column), At(ref own, column));
            var older = _perTick * Math.Min(MaxSpreadTicks, aged - newest);
            Lower(ref At(ref above, BoundColumn.AgedStep), At(ref own, BoundColumn.FullStep) + older * At(ref own, BoundColumn.Step));
            Lower(ref At(ref above, BoundColumn.AgedPrefill), At(ref own, BoundColumn.FullPrefill) + older * At(ref own, BoundColumn.Prefill));
            if (At(ref own, BoundColumn.BusyStep) == Huge) continue;
            for (var column = BoundColumn.Done64; column <= BoundColumn.Done1024; column++) Lower(ref At(ref above, column), Done(ref own, column, older));
        }
    }

    /// <summary>A cell reported. The bounds above its targets hear of it at once, the targets themselves when a search comes by (<see cref="CatchUp"/>).</summary>
    public void Refreshed(int cell, long ticks)
    {
        foreach (var (from, to) in _runs.Of(cell))
        {
            var (first, last) = (from, to);
            for (var level = 1; level <= Top; level++)
            {
                for (var entry = first; entry <= last; entry++)
                {
                    ref var above = ref _levels[level][Place(entry)];
                    _loose[level][entry / BoundGroup.Lanes] |= (ushort)(1 << (entry % BoundGroup.Lanes));
                    ref var newest = ref At(ref above, BoundColumn.Newest);
                    newest = BitConverter.Int64BitsToDouble(Math.Max(ticks, Bits(newest)));
                    // Any target of the cell may be as young as the newest now, whatever its load.
                    At(ref above, BoundColumn.AgedStep) = At(ref above, BoundColumn.FullStep);
                    At(ref above, BoundColumn.AgedPrefill) = At(ref above, BoundColumn.FullPrefill);
                    SetDone(ref above);
                }
                (first, last) = (first / BoundGroup.Lanes, last / BoundGroup.Lanes);
            }
        }
    }

    /// <summary>The target follows its cell no more: what it knew of it last stays.</summary>
    public void Held(int row)
    {
        var group = _slot[row] / BoundGroup.Lanes;
        if (_runs.IsBehind(group)) CatchUp(group);
        SetTicks(row);
    }

    /// <summary>Makes the bounds of an entry what its run says, where they may be lower.</summary>
    public void Tighten(int level, int entry, long nowTicks)
    {
        ref var loose = ref _loose[level][entry / BoundGroup.Lanes];
        var bit = (ushort)(1 << (entry % BoundGroup.Lanes));
        var free = level == 1 && Bits(At(ref _levels[1][Place(entry)], BoundColumn.BusyUntil)) <= nowTicks;
        if ((loose & bit) == 0 && !free) return;
        loose &= (ushort)~bit;
        if (level == 1 && _runs.IsBehind(entry)) CatchUp(entry);
        if (free) Free(entry, nowTicks);
        Summarise(level, entry);
        if (level < Top) _loose[level + 1][entry / (BoundGroup.Lanes * BoundGroup.Lanes)] |= (ushort)(1 << (entry / BoundGroup.Lanes % BoundGroup.Lanes));
    }

    private static int Groups(int entries) => (entries + BoundGroup.Lanes - 1) / BoundGroup.Lanes;

    private static int Place(int entry) => entry / BoundGroup.Lanes * BoundGroup.Length + entry % BoundGroup.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref double At(ref double first, BoundColumn column) => ref Unsafe.Add(ref first, (int)column * BoundGroup.Lanes);

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lower(ref double bound, double value)
    {
        if (value < bound) bound = value;
    }

    private static void Clear(double[] level, int entry)
    {
        ref var own = ref level[Place(entry)];
        for (var column = BoundColumn.Step; column <= BoundColumn.AgedPrefill; column++) At(ref own, column) = Huge;
        At(ref own, BoundColumn.Newest) = 0;
        for (var column = BoundColumn.Oldest; column <= BoundColumn.OutputDollars; column++) At(ref own, column) = double.PositiveInfinity;
        for (var column = BoundColumn.BusyStep; column <= BoundColumn.Done1024; column++) At(ref own, column) = Huge;
    }

    private void Write(int row, bool eligible, double load)
    {
        ref readonly var cost = ref _targets.Cost[row];
        var entry = _slot[row];
        ref var own = ref _levels[0][Place(entry)];
        if (!eligible)
        {
            Clear(_levels[0], entry);
        }
        else
        {
            var waits = 1 + Math.Max(0, load + 1 - cost.BatchSize) / cost.BatchSize;
            var ticks = _targets.SampledAt(row);
            var step = Math.Min(Most, waits * cost.SecondsPerToken(Math.Min(load + 1, cost.BatchSize)));
            var prefill = Math.Min(Most, waits * cost.PrefillSecondsPerToken);
            // A backlog that ended before the reading was taken is over.
            var until = _targets.Local[row].PrefillUntilTicks;
            var busy = until > ticks;
            At(ref own, BoundColumn.BusyUntil) = busy ? BitConverter.Int64BitsToDouble(until - 1) : double.PositiveInfinity;
            var others = _cost.ThroughputWeight > 0 ? _cost.ThroughputWeight * load : 0;
            var (fullStep, fullPrefill) = (Math.Min(Most, step + others * cost.SlopeSeconds), Math.Min(Most, prefill + others * cost.PrefillSecondsPerToken));
            At(ref own, BoundColumn.BusyStep) = busy ? step : Huge;
            At(ref own, BoundColumn.BusyPrefill) = busy ? prefill : Huge;
            At(ref own, BoundColumn.BusyFullStep) = busy ? fullStep : Huge;
            At(ref own, BoundColumn.BusyFullPrefill) = busy ? fullPrefill : Huge;
            SetDone(ref own);
            At(ref own, BoundColumn.Step) = busy ? Huge : step;
            At(ref own, BoundColumn.Prefill) = busy ? Huge : prefill;
            At(ref own, BoundColumn.FullStep) = At(ref own, BoundColumn.AgedStep) = busy ? Huge : fullStep;
            At(ref own, BoundColumn.FullPrefill) = At(ref own, BoundColumn.AgedPrefill) = busy ? Huge : fullPrefill;
            At(ref own, BoundColumn.Newest) = At(ref own, BoundColumn.Oldest) = BitConverter.Int64BitsToDouble(ticks);
            var slack = cost.SlackSeconds(load);
            At(ref own, BoundColumn.Slack) = -Math.Min(Most, others * slack);
            At(ref own, BoundColumn.BusyRoom) = busy ? BitConverter.Int64BitsToDouble(Math.Max(0, until - 2 - (long)(slack * TimeSpan.TicksPerSecond))) : double.PositiveInfinity;
            At(ref own, BoundColumn.BusyOthers) = busy ? -Math.Min(Most, others) : 0;
            At(ref own, BoundColumn.Load) = load;
            At(ref own, BoundColumn.Score) = Fixed?.Of(_targets, row) ?? 0;
            At(ref own, BoundColumn.ColdStart) = cost.ColdStartSeconds;
        }
        At(ref own, BoundColumn.Rtt) = double.IsNaN(cost.RttSeconds) ? -1 : cost.RttSeconds;
        At(ref own, BoundColumn.PromptDollars) = Math.Min(Most, cost.DollarsPerSecond * cost.PrefillSecondsPerToken);
        At(ref own, BoundColumn.OutputDollars) = Math.Min(Most, cost.DollarsPerSecond * cost.SharePerSequenceSeconds);
    }

    /// <summary>Gives 16 targets the age that their cells' reports leave them with.</summary>
    private void CatchUp(int group)
    {
        _runs.Caught(group);
        var last = Math.Min(_row.Length, (group + 1) * BoundGroup.Lanes);
        for (var slot = group * BoundGroup.Lanes; slot < last; slot++)
        {
            if (_cells.Follows(_row[slot])) SetTicks(_row[slot]);
        }
    }

    /// <summary>Targets that have worked off their backlog are like the others again. Should the clock be set back, their bounds are too low, which is no harm.</summary>
    private void Free(int group, long nowTicks)
    {
        for (var slot = group * BoundGroup.Lanes; slot < (group + 1) * BoundGroup.Lanes; slot++)
        {
            ref var own = ref _levels[0][Place(slot)];
            if (Bits(At(ref own, BoundColumn.BusyUntil)) > nowTicks) continue;
            At(ref own, BoundColumn.BusyUntil) = At(ref own, BoundColumn.BusyRoom) = double.PositiveInfinity;
            At(ref own, BoundColumn.BusyOthers) = 0;
            At(ref own, BoundColumn.Step) = At(ref own, BoundColumn.BusyStep);
            At(ref own, BoundColumn.Prefill) = At(ref own, BoundColumn.BusyPrefill);
            At(ref own, BoundColumn.FullStep) = At(ref own, BoundColumn.AgedStep) = At(ref own, BoundColumn.BusyFullStep);
            At(ref own, BoundColumn.FullPrefill) = At(ref own, BoundColumn.AgedPrefill) = At(ref own, BoundColumn.BusyFullPrefill);
            for (var column = BoundColumn.BusyStep; column <= BoundColumn.Done1024; column++) At(ref own, column) = Huge;
        }
    }

    private void SetTicks(int row)
    {
        ref var own = ref _levels[0][Place(_slot[row])];
        if (double.IsPositiveInfinity(At(ref own, BoundColumn.Load))) return;
        var ticks = _targets.SampledAt(row);
        At(ref own, BoundColumn.Newest) = At(ref own, BoundColumn.Oldest) = BitConverter.Int64BitsToDouble(ticks);
        SetDone(ref own);
    }

    /// <summary>Works the bounds on backlogged targets out from the least step and the earliest end of a backlog.</summary>
    private void SetDone(ref double own)
    {
        var busy = At(ref own, BoundColumn.BusyStep) < Huge;
        for (var column = BoundColumn.Done64; column <= BoundColumn.Done1024; column++) At(ref own, column) = busy ? Done(ref own, column, 0) : Huge;
    }

    private double Done(ref double own, BoundColumn column, double older) =>
        Tokens(column) * (At(ref own, BoundColumn.BusyFullStep) + older * At(ref own, BoundColumn.BusyStep)) + (Bits(At(ref own, BoundColumn.BusyUntil)) - EpochTicks) * SecondsPerTick;

    /// <summary>The length of answer that a column of backlogged targets is for.</summary>
    internal static double Tokens(BoundColumn done) => 64 << (done - BoundColumn.Done64);

    /// <summary>Moves the newest reading of an entry, and what age adds until then; returns the newest.</summary>
    private long Raise(ref double above, long ticks)
    {
        ref var place = ref At(ref above, BoundColumn.Newest);
        var newest = Bits(place);
        if (ticks <= newest) return newest;
        place = BitConverter.Int64BitsToDouble(ticks);
        // What is as old as the spread ages no more.
        var older = _perTick * Math.Min(ticks - newest, MaxSpreadTicks - (newest - Bits(At(ref above, BoundColumn.Oldest))));
        Age(ref At(ref above, BoundColumn.AgedStep), older * At(ref above, BoundColumn.Step));
        Age(ref At(ref above, BoundColumn.AgedPrefill), older * At(ref above, BoundColumn.Prefill));
        return ticks;
    }

    // A little less each time, so that many small roundings never sum up to a bound that is too high.
    private static void Age(ref double bound, double more)
    {
        if (more > 1e-9 * bound && more < Huge) bound += more * (1 - 1e-6);
    }

    private void Summarise(int level, int entry)
    {
        ref var from = ref _levels[level - 1][entry * BoundGroup.Length];
        ref var at = ref _levels[level][Place(entry)];
        var (low, high) = (Vector512.LoadUnsafe(ref At(ref from, BoundColumn.Newest)).AsInt64(), Vector512.LoadUnsafe(ref At(ref from, BoundColumn.Newest), 8).AsInt64());
        var newest = Newest(Vector512.Max(low, high));
        At(ref at, BoundColumn.Newest) = BitConverter.Int64BitsToDouble(newest);
        for (var column = BoundColumn.Step; column <= BoundColumn.FullPrefill; column++) At(ref at, column) = Least(ref At(ref from, column));
        for (var column = BoundColumn.Oldest; column <= BoundColumn.ColdStart; column++) At(ref at, column) = Least(ref At(ref from, column));
        var (lowOlder, highOlder) = (Older(low, ref At(ref from, BoundColumn.Oldest), 0, newest), Older(high, ref At(ref from, BoundColumn.Oldest), 8, newest));
        At(ref at, BoundColumn.AgedStep) = LeastAged(ref At(ref from, BoundColumn.AgedStep), ref At(ref from, BoundColumn.Step), lowOlder, highOlder);
        At(ref at, BoundColumn.AgedPrefill) = LeastAged(ref At(ref from, BoundColumn.AgedPrefill), ref At(ref from, BoundColumn.Prefill), lowOlder, highOlder);
        if (At(ref at, BoundColumn.BusyStep) == Huge) return;
        for (var column = BoundColumn.Done64; column <= BoundColumn.Done1024; column++)
            At(ref at, column) = LeastAged(ref At(ref from, column), ref At(ref from, BoundColumn.BusyStep), lowOlder * Tokens(column), highOlder * Tokens(column));
    }

    /// <summary>What age adds from the newest reading of each entry to the newest of all; what is as old as the spread ages no more.</summary>
    private Vector512<double> Older(Vector512<long> newest, ref double oldest, nuint half, long newestOfAll)
    {
        var room = Vector512.Create(MaxSpreadTicks) - newest + Vector512.LoadUnsafe(ref oldest, half).AsInt64();
        return Vector512.ConvertToDouble(Vector512.Max(Vector512<long>.Zero, Vector512.Min(Vector512.Create(newestOfAll) - newest, room))) * Vector512.Create(_perTick);
    }

    private static double LeastAged(ref double aged, ref double plain, Vector512<double> lowOlder, Vector512<double> highOlder) => Least(Vector512.Min(
        Vector512.LoadUnsafe(ref aged) + lowOlder * Vector512.LoadUnsafe(ref plain),
        Vector512.LoadUnsafe(ref aged, 8) + highOlder * Vector512.LoadUnsafe(ref plain, 8))) * (1 - 1e-15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Least(ref double first) => Least(Vector512.MinNative(Vector512.LoadUnsafe(ref first), Vector512.LoadUnsafe(ref first, 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Least(Vector512<double> eight)
    {
        var four = Vector256.MinNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MinNative(four.GetLower(), four.GetUpper());
        return Math.Min(two[0], two[1]);
    }

    private static long Newest(Vector512<long> eight)
    {
        var four = Vector256.Max(eight.GetLower(), eight.GetUpper());
        var two = Vector128.Max(four.GetLower(), four.GetUpper());
        return Math.Max(two[0], two[1]);
    }
}
