using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A strategy that gives each eligible target one number and takes the smallest.</summary>
internal abstract class ScoringStrategy(CostModel cost) : IRoutingStrategy
{
    protected CostModel Cost { get; } = cost;

    public abstract string Name { get; }

    public virtual int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        var top = new TopK(best, input.Seed);
        for (var target = 0; target < input.Filter.Length; target++)
        {
            if (input.Filter[target] == FilterReason.None) top.Offer(target, Score(input, target));
        }
        return top.Count;
    }

    public virtual CostTerms Explain(in RankingInput input, int target) => Cost.Price(input, target);

    protected abstract double Score(in RankingInput input, int target);
}
