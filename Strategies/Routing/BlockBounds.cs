using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// What no eligible target of a run of targets can be better than: the least of what costs, the greatest of what saves. A score that grows
/// with each of the first and falls with each of the second is at least its value at the bounds.
/// </summary>
internal struct BlockBounds
{
    /// <summary>Eligible targets; the other members mean nothing when it is 0.</summary>
    public int Eligible;

    /// <summary>Least load in requests (<see cref="TargetSet.Load"/>).</summary>
    public double MinLoad;

    /// <summary>Newest reading, UTC ticks.</summary>
    public long MaxSampledAtTicks;

    /// <summary>Smallest batch size.</summary>
    public double MinBatchSize;

    /// <summary>Greatest batch size.</summary>
    public double MaxBatchSize;

    /// <summary>Fewest seconds per prompt token.</summary>
    public double MinPrefillSecondsPerToken;

    /// <summary>Least share of a full batch's token time.</summary>
    public double MinSharePerSequenceSeconds;

    /// <summary>Fewest seconds per token of a lone sequence.</summary>
    public double MinSoloSeconds;

    /// <summary>Least growth of the token time per sequence.</summary>
    public double MinSlopeSeconds;

    /// <summary>Shortest round trip in seconds; 0 when one was not measured.</summary>
    public double MinRttSeconds;

    /// <summary>Shortest cold start in seconds.</summary>
    public double MinColdStartSeconds;

    /// <summary>Lowest price in dollars per second.</summary>
    public double MinDollarsPerSecond;

    /// <summary>Bounds of nothing: every merge replaces them.</summary>
    public static BlockBounds None => new()
    {
        MinLoad = double.PositiveInfinity,
        MinBatchSize = double.PositiveInfinity,
        MaxBatchSize = 0,
        MinPrefillSecondsPerToken = double.PositiveInfinity,
        MinSharePerSequenceSeconds = double.PositiveInfinity,
        MinSoloSeconds = double.PositiveInfinity,
        MinSlopeSeconds = double.PositiveInfinity,
        MinRttSeconds = double.PositiveInfinity,
        MinColdStartSeconds = double.PositiveInfinity,
        MinDollarsPerSecond = double.PositiveInfinity,
    };

    /// <summary>Takes one eligible target in.</summary>
    public void Add(in TargetCost cost, double load, long sampledAtTicks)
    {
        Eligible++;
        MinLoad = Math.Min(MinLoad, load);
        MaxSampledAtTicks = Math.Max(MaxSampledAtTicks, sampledAtTicks);
        MinBatchSize = Math.Min(MinBatchSize, cost.BatchSize);
        MaxBatchSize = Math.Max(MaxBatchSize, cost.BatchSize);
        MinPrefillSecondsPerToken = Math.Min(MinPrefillSecondsPerToken, cost.PrefillSecondsPerToken);
        MinSharePerSequenceSeconds = Math.Min(MinSharePerSequenceSeconds, cost.SharePerSequenceSeconds);
        MinSoloSeconds = Math.Min(MinSoloSeconds, cost.SoloSeconds);
        MinSlopeSeconds = Math.Min(MinSlopeSeconds, cost.SlopeSeconds);
        MinRttSeconds = Math.Min(MinRttSeconds, double.IsNaN(cost.RttSeconds) ? 0 : cost.RttSeconds);
        MinColdStartSeconds = Math.Min(MinColdStartSeconds, cost.ColdStartSeconds);
        MinDollarsPerSecond = Math.Min(MinDollarsPerSecond, cost.DollarsPerSecond);
    }

    /// <summary>Takes the bounds of another run in.</summary>
    public void Add(in BlockBounds other)
    {
        Eligible += other.Eligible;
        MinLoad = Math.Min(MinLoad, other.MinLoad);
        MaxSampledAtTicks = Math.Max(MaxSampledAtTicks, other.MaxSampledAtTicks);
        MinBatchSize = Math.Min(MinBatchSize, other.MinBatchSize);
        MaxBatchSize = Math.Max(MaxBatchSize, other.MaxBatchSize);
        MinPrefillSecondsPerToken = Math.Min(MinPrefillSecondsPerToken, other.MinPrefillSecondsPerToken);
        MinSharePerSequenceSeconds = Math.Min(MinSharePerSequenceSeconds, other.MinSharePerSequenceSeconds);
        MinSoloSeconds = Math.Min(MinSoloSeconds, other.MinSoloSeconds);
        MinSlopeSeconds = Math.Min(MinSlopeSeconds, other.MinSlopeSeconds);
        MinRttSeconds = Math.Min(MinRttSeconds, other.MinRttSeconds);
        MinColdStartSeconds = Math.Min(MinColdStartSeconds, other.MinColdStartSeconds);
        MinDollarsPerSecond = Math.Min(MinDollarsPerSecond, other.MinDollarsPerSecond);
    }
}
