using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A strategy that gives each eligible target one number and takes the smallest.</summary>
internal abstract class ScoringStrategy(CostModel cost) : IRoutingStrategy
{
    protected CostModel Cost { get; } = cost;

    public abstract string Name { get; }

    public virtual int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        if (input.Index is { } index) return PrunedSearch.Rank(new Bounded(this), index, input, best);
        var top = new TopK(best, input.Seed, input.Targets.Count);
        for (var target = 0; target < input.Filter.Length; target++)
        {
            if (input.Filter[target] == FilterReason.None) top.Offer(target, Score(input, target));
        }
        return top.Count;
    }

    public virtual CostTerms Explain(in RankingInput input, int target) => Cost.Price(input, target);

    protected abstract double Score(in RankingInput input, int target);

    /// <summary>At most the score of any eligible target within the bounds. Without a better one every target is looked at.</summary>
    protected virtual double LowerBound(in RankingInput input, in BlockBounds bounds) => double.NegativeInfinity;

    // A struct, so that the search is compiled for it.
    private readonly struct Bounded(ScoringStrategy strategy) : IBoundedScore
    {
        public double Score(in RankingInput input, int target) => strategy.Score(input, target);

        public double LowerBound(in RankingInput input, in BlockBounds bounds) => strategy.LowerBound(input, bounds);
    }
}
