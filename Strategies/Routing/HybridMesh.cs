using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Several objectives in one unit: seconds that the request takes, seconds that it costs the others on the same GPU, and dollars at an exchange rate. What the cost model
/// expects is corrected by what came before, per target and GPU type, within bounds; the explanation shows the corrected terms.
/// </summary>
/// <param name="cost">Cost model.</param>
/// <param name="corrections">What was learned.</param>
/// <param name="tailWeight">Standard deviations of lateness that are added.</param>
/// <param name="failureSeconds">What a failed attempt costs.</param>
internal sealed class HybridMesh(CostModel cost, ServiceCorrections corrections, double tailWeight, double failureSeconds)
    : PricedStrategy(cost), ILearningStrategy
{
    public override string Name => "hybrid_mesh";

    protected override bool Shortlists => true;

    public void Dispatched(in RankingInput input, int target) => corrections.Meet(input.Targets);

    public void Completed(in Outcome outcome) => corrections.Observe(outcome);

    protected override CostTerms Price(in RankingInput input, int target)
    {
        var load = input.Targets.Load(target);
        var terms = Cost.PriceAlone(input, target, load, out var backlog);
        var learned = corrections.Of(input, target);
        var queue = terms.QueueSeconds * learned.FirstTokenFactor;
        var prefill = terms.PrefillSeconds * learned.FirstTokenFactor;
        var decode = terms.DecodeSeconds * learned.DecodeFactor;

        var balance = Cost.Balance(input, target, prefill, learned.DecodeFactor, load, backlog);
        var risk = tailWeight * learned.Spread * (queue + prefill) + failureSeconds * learned.FailureShare;
        return terms with
        {
            QueueSeconds = CostModel.Bounded(queue),
            PrefillSeconds = CostModel.Bounded(prefill),
            DecodeSeconds = CostModel.Bounded(decode),
            UncertaintySeconds = CostModel.Bounded(terms.UncertaintySeconds + risk),
            BalanceSeconds = CostModel.Bounded(balance),
        };
    }
}
