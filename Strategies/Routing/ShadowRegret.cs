using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>What one pick costs more than another, in the eyes of a third: neither strategy judges itself.</summary>
public static class ShadowRegret
{
    /// <summary>Expected seconds of <paramref name="live"/> beyond those of <paramref name="shadow"/>, by the cost model with its default weights; negative when the live pick is the better one. Null when the table lacks one of them.</summary>
    /// <param name="targets">Targets of the model, as both decisions saw them.</param>
    /// <param name="request">The request.</param>
    /// <param name="live">Pick of the live strategy.</param>
    /// <param name="shadow">Pick of the shadow strategy.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    public static double? Seconds(TargetSet targets, RoutingRequest request, TargetIdentity live, TargetIdentity shadow, long nowTicks) =>
        Priced(targets, request, live, shadow, nowTicks) is var (ours, theirs) ? ours - theirs : null;

    /// <summary>Expected seconds of both picks: what <see cref="Experiments.ShadowTally"/> sets against the seconds observed. Parameters and model as for <see cref="Seconds"/>.</summary>
    public static (double Live, double Shadow)? Priced(TargetSet targets, RoutingRequest request, TargetIdentity live, TargetIdentity shadow, long nowTicks)
    {
        var (ours, theirs) = (Array.IndexOf(targets.Identity, live), Array.IndexOf(targets.Identity, shadow));
        if (ours < 0 || theirs < 0) return null;
        var input = new RankingInput(targets, request, [], nowTicks, 0, 0);
        var model = new CostModel();
        return (model.Price(input, ours).TotalSeconds, model.Price(input, theirs).TotalSeconds);
    }
}
