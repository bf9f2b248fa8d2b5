using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Recording;

/// <summary>What the file that is being written knows of a set.</summary>
internal sealed class RecordedSet(int slot, TargetSet targets)
{
    public int Slot { get; } = slot;

    public TargetSet Targets { get; private set; } = targets;

    /// <summary>Counters as they were last written.</summary>
    public (int Requests, long PrefillUntilTicks)[] Counters { get; private set; } = new (int, long)[targets.Count];

    /// <summary>Sequence that the next decision has, if all is as usual.</summary>
    public ulong NextSequence { get; set; }

    /// <summary>What is added to a sequence to make the seed, if all is as usual.</summary>
    public ulong SeedOffset { get; set; }

    /// <summary>The next table has another set for the model.</summary>
    public void Become(TargetSet targets) => Targets = targets;

    /// <summary>Whether the two have the same targets in the same order.</summary>
    public bool HasTargetsOf(TargetSet other)
    {
        if (Targets.Count != other.Count) return false;
        for (var i = 0; i < other.Count; i++)
        {
            if (!Same(Targets.Identity[i], other.Identity[i]) || !ReferenceEquals(Targets.Local[i], other.Local[i])) return false;
        }
        return true;
    }

    /// <summary>Which columns of a row differ, a bit each.</summary>
    public static int Differences(TargetSet a, TargetSet b, int row)
    {
        var mask = 0;
        if (a.Standing[row] != b.Standing[row]) mask |= 1;
        if (a.Baseline[row] != b.Baseline[row]) mask |= 2;
        if (a.SampledAtTicks[row] != b.SampledAtTicks[row]) mask |= 4;
        if (!Same(a.PlaceOf(row), b.PlaceOf(row))) mask |= 8;
        for (var column = 0; column < Columns; column++)
        {
            if (!Bits(Of(a, column)[row], Of(b, column)[row])) mask |= 16 << column;
        }
        return mask;
    }

    /// <summary>Columns of numbers.</summary>
    public const int Columns = 10;

    /// <summary>A column of numbers, in the order in which they are written.</summary>
    public static double[] Of(TargetSet set, int column) => column switch
    {
        0 => set.Running,
        1 => set.Waiting,
        2 => set.KvCacheUsage,
        3 => set.MaxConcurrency,
        4 => set.PrefillTokensPerSecond,
        5 => set.DecodeTokensPerSecond,
        6 => set.MinSecondsPerToken,
        7 => set.RttSeconds,
        8 => set.ColdStartSeconds,
        _ => set.PricePerHour,
    };

    private static bool Bits(double a, double b) => BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);

    private static bool Same(TargetIdentity a, TargetIdentity b) =>
        ReferenceEquals(a, b)
        || (a.NodeId == b.NodeId && a.Endpoint == b.Endpoint && a.CellId == b.CellId && a.Zone == b.Zone && a.Region == b.Region && a.Rack == b.Rack && a.FailureDomain == b.FailureDomain
            && a.Runtime == b.Runtime && a.Gpu == b.Gpu && a.Synthetic == b.Synthetic
            && (ReferenceEquals(a.Labels, b.Labels) || (a.Labels.Count == b.Labels.Count && a.Labels.All(l => b.Labels.TryGetValue(l.Key, out var value) && value == l.Value))));

    private static bool Same(NodePlace? a, NodePlace? b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || !Bits(a.BytesPerSecond, b.BytesPerSecond) || a.Rtts.Count != b.Rtts.Count) return false;
        for (var i = 0; i < a.Rtts.Count; i++)
        {
            if (a.Rtts[i].Place != b.Rtts[i].Place || !Bits(a.Rtts[i].Milliseconds, b.Rtts[i].Milliseconds)) return false;
        }
        return Same(a.Coordinate, b.Coordinate);
    }

    private static bool Same(VivaldiCoordinate? a, VivaldiCoordinate? b)
    {
        if (ReferenceEquals(a, b)) return true;
        return a is not null && b is not null && Bits(a.HeightMs, b.HeightMs) && Bits(a.Error, b.Error) && a.Position.SequenceEqual(b.Position);
    }
}
