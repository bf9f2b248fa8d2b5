using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A strategy that says itself when a first token is late, and whose decisions carry a hedge unless a policy switches hedging off.</summary>
public interface IHedgingStrategy : IRoutingStrategy
{
    /// <summary>The time to first token, in seconds, that only few answers exceed.</summary>
    /// <param name="input">The decision.</param>
    /// <param name="target">The first pick.</param>
    /// <param name="terms">Its terms.</param>
    double LateFirstTokenSeconds(in RankingInput input, int target, in CostTerms terms);
}
