using System.Runtime.Intrinsics;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A weighted sum of three shares: queue over batch size (0 or more), KV cache in use and batch in use (0..1). Blind to speed, network and price.</summary>
internal sealed class Heuristic(double queueWeight, double kvWeight, double batchWeight) : ScoringStrategy(new CostModel())
{
    // What the queue share is the difference of has been divided first; close to 1 that rounds.
    private const double Rounding = 1 - 1e-12;

    public override string Name => "heuristic";

    protected override double Score(in RankingInput input, int target)
    {
        var t = input.Targets;
        var batch = t.BatchSize(target);
        var load = t.Load(target);
        var queueShare = Math.Max(0, load - batch) / batch;
        var batchShare = Math.Min(load, batch) / batch;
        // An unknown KV cache counts as half full: neither a reason to go there nor to stay away.
        var kvShare = Math.Min(1, TargetSet.Or(t.KvCacheUsage[target], 0.5));
        return queueWeight * queueShare + kvWeight * kvShare + batchWeight * batchShare;
    }

    protected override void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds)
    {
        var one = Vector512<double>.One;
        for (var half = 0; half < 2; half++)
        {
            var occupancy = runs.Half(BoundColumn.Occupancy, half);
            var queueShare = Vector512.Max(Vector512<double>.Zero, occupancy - one);
            var shares = queueWeight * queueShare + kvWeight * runs.Half(BoundColumn.KvShare, half) + batchWeight * Vector512.Min(occupancy, one);
            BoundGroup.OrNone(runs, half, shares * Rounding).CopyTo(bounds[(half * Vector512<double>.Count)..]);
        }
    }
}
