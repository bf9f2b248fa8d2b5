using System.Runtime.Intrinsics;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A weighted sum of three shares: queue over batch size (0 or more), KV cache in use and batch in use (0..1). Blind to speed, network and price.</summary>
internal sealed class Heuristic(double queueWeight, double kvWeight, double batchWeight) : ScoringStrategy(new CostModel()), IFixedScore
{
    public override string Name => "heuristic";

    public double Of(TargetSet targets, int target)
    {
        var batch = targets.BatchSize(target);
        var load = targets.Load(target);
        var queueShare = Math.Max(0, load - batch) / batch;
        var batchShare = Math.Min(load, batch) / batch;
        // An unknown KV cache counts as half full: neither a reason to go there nor to stay away.
        var kvShare = Math.Min(1, TargetSet.Or(targets.KvCacheUsage[target], 0.5));
        return queueWeight * queueShare + kvWeight * kvShare + batchWeight * batchShare;
    }

    protected override double Score(in RankingInput input, int target) => Of(input.Targets, target);

    protected override void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds)
    {
        if (!ReferenceEquals(runs.Tree.Fixed, this))
        {
            base.LowerBounds(input, runs, bounds);
            return;
        }
        for (var half = 0; half < 2; half++) runs.Half(BoundColumn.Score, half).CopyTo(bounds[(half * Vector512<double>.Count)..]);
    }
}
