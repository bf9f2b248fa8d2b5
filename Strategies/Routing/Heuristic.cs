using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A weighted sum of three shares, each 0..1: queue over capacity, KV cache in use, batch in use. Blind to speed, network and price.</summary>
internal sealed class Heuristic(double queueWeight, double kvWeight, double batchWeight) : ScoringStrategy(new CostModel())
{
    public override string Name => "heuristic";

    protected override double Score(in RankingInput input, int target)
    {
        var t = input.Targets;
        var batch = t.MaxConcurrency[target] is > 0 and < double.PositiveInfinity and var known ? known : CostModel.Fallback.MaxConcurrency;
        var load = t.Load(target);
        var queueShare = Math.Max(0, load - batch) / batch;
        var batchShare = Math.Min(load, batch) / batch;
        // An unknown KV cache counts as half full: neither a reason to go there nor to stay away.
        var kvShare = TargetSet.Or(t.KvCacheUsage[target], 0.5);
        return queueWeight * queueShare + kvWeight * kvShare + batchWeight * batchShare;
    }
}
