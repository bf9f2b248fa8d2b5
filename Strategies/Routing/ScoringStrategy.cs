using System.Collections.Frozen;
using System.Runtime.Intrinsics;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A strategy that gives each eligible target one number and takes the smallest.</summary>
internal abstract class ScoringStrategy(CostModel cost) : IRoutingStrategy
{
    protected CostModel Cost { get; } = cost;

    /// <summary>What it was made of; set once, by the catalogue.</summary>
    internal IReadOnlyDictionary<string, double> Parameters { get; set; } = FrozenDictionary<string, double>.Empty;

    public abstract string Name { get; }

    public virtual int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        if (input.Index is { } index) return TreeSearch.Rank(new Bounded(this), index.Tree(Cost, this as IFixedScore), input, best);
        return Scan(input, best);
    }

    /// <summary>Looks at every target.</summary>
    protected int Scan(in RankingInput input, Span<RankedTarget> best)
    {
        var top = new TopK(best, input.Seed, input.Targets);
        for (var target = 0; target < input.Filter.Length; target++)
        {
            if (input.Filter[target] == FilterReason.None) top.Offer(target, Score(input, target));
        }
        return top.Count;
    }

    public virtual CostTerms Explain(in RankingInput input, int target) => Cost.Price(input, target);

    protected abstract double Score(in RankingInput input, int target);

    /// <summary>For each of 16 runs of targets, at most the score of any eligible one. Without better ones every target is looked at.</summary>
    protected virtual void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds)
    {
        for (var half = 0; half < 2; half++)
            BoundGroup.OrNone(runs, half, Vector512.Create(double.NegativeInfinity)).CopyTo(bounds[(half * Vector512<double>.Count)..]);
    }

    // A struct, so that the search is compiled for it.
    private readonly struct Bounded(ScoringStrategy strategy) : IBoundedScore
    {
        public double Score(in RankingInput input, int target) => strategy.Score(input, target);

        public void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds) => strategy.LowerBounds(input, runs, bounds);
    }
}
