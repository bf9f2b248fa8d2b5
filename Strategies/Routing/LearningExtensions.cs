using InferMesh.Strategies.Learning;

namespace InferMesh.Strategies.Routing;

/// <summary>Feedback by the identity of a target, for a router whose table may have changed since the decision.</summary>
public static class LearningExtensions
{
    /// <summary>Tells the strategy of a dispatch, and returns the load that the target has before it; null, untold, when it is not among these targets any more.</summary>
    /// <param name="strategy">The strategy that picked it.</param>
    /// <param name="targets">Targets of the model now.</param>
    /// <param name="request">The request.</param>
    /// <param name="target">Where it is sent.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    public static double? Dispatched(this ILearningStrategy strategy, TargetSet targets, RoutingRequest request, TargetIdentity target, long nowTicks)
    {
        var row = TargetOrder.Find(targets.Identity, target);
        if (row < 0) return null;
        var load = targets.Load(row);
        strategy.Dispatched(new RankingInput(targets, request, default, nowTicks, 0, 0), row);
        return load;
    }
}
