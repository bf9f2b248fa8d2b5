using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A weighted sum of three shares: queue over batch size (0 or more), KV cache in use and batch in use (0..1). Blind to speed, network and price.</summary>
internal sealed class Heuristic(double queueWeight, double kvWeight, double batchWeight) : ScoringStrategy(new CostModel())
{
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
}
