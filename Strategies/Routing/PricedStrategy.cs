using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A strategy whose score is the sum of terms in seconds: what it explains is what it ranks by.</summary>
internal abstract class PricedStrategy(CostModel cost) : ScoringStrategy(cost)
{
    /// <summary>How many numbers <see cref="Prepare"/> works out.</summary>
    protected virtual int PreparedNumbers => 0;

    public override int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        if (PreparedNumbers == 0) return base.Rank(input, best);
        Span<double> numbers = stackalloc double[PreparedNumbers];
        Prepare(input, numbers);
        return base.Rank(input with { Prepared = numbers }, best);
    }

    public override CostTerms Explain(in RankingInput input, int target)
    {
        if (PreparedNumbers == 0) return Price(input, target);
        Span<double> numbers = stackalloc double[PreparedNumbers];
        Prepare(input, numbers);
        return Price(input with { Prepared = numbers }, target);
    }

    protected sealed override double Score(in RankingInput input, int target) => Price(input, target).TotalSeconds;

    /// <summary>Works out, once per decision, what does not depend on the target; <see cref="Price"/> finds it in <see cref="RankingInput.Prepared"/>.</summary>
    protected virtual void Prepare(in RankingInput input, Span<double> numbers)
    {
    }

    /// <summary>The terms of one target, each finite and 0 or more.</summary>
    protected abstract CostTerms Price(in RankingInput input, int target);
}
