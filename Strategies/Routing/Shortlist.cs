using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>The best of a large set by the plain cost model, for a second look.</summary>
public static class Shortlist
{
    /// <summary>Targets that get a second look.</summary>
    public const int Size = 32;

    /// <summary>Up to this many targets all get one.</summary>
    public const int SmallSet = 128;

    /// <summary>Writes the best by plain cost, best first, and returns how many.</summary>
    public static int Rank(CostModel cost, in RankingInput input, Span<RankedTarget> best)
    {
        if (input.Index is { } index) return TreeSearch.Rank(new PlainCost(cost), index.Tree(cost), input, best);
        var top = new TopK(best, input.Seed, input.Targets);
        for (var target = 0; target < input.Filter.Length; target++)
        {
            if (input.Filter[target] == FilterReason.None) top.Offer(target, cost.Price(input, target).TotalSeconds);
        }
        return top.Count;
    }

    private readonly struct PlainCost(CostModel cost) : IBoundedScore
    {
        public double Score(in RankingInput input, int target) => cost.Price(input, target).TotalSeconds;

        public void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds) => cost.LowerBounds(input, runs, bounds);
    }
}
