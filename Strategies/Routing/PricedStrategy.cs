using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A strategy whose score is the sum of terms in seconds: what it explains is what it ranks by.</summary>
internal abstract class PricedStrategy(CostModel cost) : ScoringStrategy(cost)
{
    /// <summary>How many numbers <see cref="Prepare"/> works out.</summary>
    protected virtual int PreparedNumbers => 0;

    /// <summary>
    /// Whether a large set is ranked in two stages: the <see cref="Shortlist.Size"/> best of the plain cost model first, then those by the strategy's own terms. For strategies whose
    /// terms no bound holds tightly: they bend the plain cost, they do not replace it.
    /// </summary>
    protected virtual bool Shortlists => false;

    public override int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        if (PreparedNumbers == 0) return RankPrepared(input, best);
        Span<double> numbers = stackalloc double[PreparedNumbers];
        Prepare(input, numbers);
        return RankPrepared(input with { Prepared = numbers }, best);
    }

    public override CostTerms Explain(in RankingInput input, int target)
    {
        if (PreparedNumbers == 0) return Price(input, target);
        Span<double> numbers = stackalloc double[PreparedNumbers];
        Prepare(input, numbers);
        return Price(input with { Prepared = numbers }, target);
    }

    private int RankPrepared(in RankingInput input, Span<RankedTarget> best)
    {
        if (!Shortlists) return base.Rank(input, best);
        // Without bounds that tell targets apart, a search is a detour.
        if (input.Targets.Count <= Shortlist.SmallSet) return Scan(input, best);
        Span<RankedTarget> plain = stackalloc RankedTarget[Shortlist.Size];
        var top = new TopK(best, input.Seed, input.Targets);
        foreach (var pick in plain[..Shortlist.Rank(Cost, input, plain)]) top.Offer(pick.Target, Score(input, pick.Target));
        return top.Count;
    }

    protected sealed override double Score(in RankingInput input, int target) => Price(input, target).TotalSeconds;

    /// <summary>Works out, once per decision, what does not depend on the target; <see cref="Price"/> finds it in <see cref="RankingInput.Prepared"/>.</summary>
    protected virtual void Prepare(in RankingInput input, Span<double> numbers)
    {
    }

    /// <summary>The terms of one target, each finite and 0 or more.</summary>
    protected abstract CostTerms Price(in RankingInput input, int target);
}
