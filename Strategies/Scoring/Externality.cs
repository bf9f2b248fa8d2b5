using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

/// <summary>
/// What a request costs the others on the same GPU. One more sequence makes each step longer for all that run, and its prefill holds them up: to count that in is to choose what is
/// best for the fleet, where each request on its own would choose what is best for itself (Pigou 1920).
/// </summary>
internal static class Externality
{
    /// <summary>Seconds that the running requests lose together.</summary>
    /// <param name="input">The decision.</param>
    /// <param name="target">The target.</param>
    /// <param name="load">Requests on it.</param>
    /// <param name="prefillSeconds">Prefill of this request there.</param>
    /// <param name="decodeFactor">Factor on the slope, when it was learned.</param>
    public static double Seconds(in RankingInput input, int target, double load, double prefillSeconds, double decodeFactor = 1)
    {
        ref readonly var capability = ref input.Targets.Cost[target];
        var output = input.Request.OutputTokens > 0 ? input.Request.OutputTokens : CostModel.Fallback.OutputTokens;
        return Math.Min(load, capability.BatchSize) * (capability.SlopeSeconds * output * decodeFactor + prefillSeconds);
    }
}
