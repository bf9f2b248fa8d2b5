using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>What one pick costs more than another, in the eyes of a third: neither strategy judges itself.</summary>
public static class ShadowRegret
{
    private static readonly CostModel s_model = new();

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
        return ours < 0 || theirs < 0 ? null : OfRows(targets, request, ours, theirs, nowTicks);
    }

    /// <summary>The same for rows of the set.</summary>
    internal static (double Live, double Shadow) OfRows(TargetSet targets, RoutingRequest request, int live, int shadow, long nowTicks)
    {
        var input = new RankingInput(targets, request, [], nowTicks, 0, 0);
        return (s_model.Price(input, live).TotalSeconds, s_model.Price(input, shadow).TotalSeconds);
    }
}
