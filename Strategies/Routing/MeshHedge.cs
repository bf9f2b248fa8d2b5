using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// The mesh with a second attempt where the first token is late. Late is a quantile of what answers take against what was expected, learned per model: a delay
/// that fits a calm fleet hedges half of a busy one's requests (Dean and Barroso 2013, "The Tail at Scale": hedge after the 95th percentile).
/// </summary>
/// <param name="cost">Cost model.</param>
/// <param name="quantile">Share of first tokens that come before the hedge.</param>
internal sealed class MeshHedge(CostModel cost, double quantile) : PricedStrategy(cost), ILearningStrategy, IHedgingStrategy
{
    private const double FirstGuess = 2;
    private const double MaxFactor = 16;

    private readonly TargetMemory<Nothing, RatioQuantile> _memory = new(() => new(quantile, FirstGuess, 1, MaxFactor));

    public override string Name => "mesh_hedge";

    public double LateFirstTokenSeconds(in RankingInput input, int target, in CostTerms terms) =>
        terms.TimeToFirstTokenSeconds * _memory.For(input.Targets).Model.Value;

    public void Dispatched(in RankingInput input, int target) => _memory.For(input.Targets);

    public void Completed(in Outcome outcome)
    {
        if (!outcome.Succeeded) return;
        foreach (var view in _memory.Views)
        {
            var row = view.RowOf(outcome);
            if (row >= 0) view.Model.Observe(outcome.TtftSeconds / Expectation.Of(view.Targets, row, outcome).TtftSeconds);
        }
    }

    protected override CostTerms Price(in RankingInput input, int target) => Cost.Price(input, target);

    protected override void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds) => Cost.LowerBounds(input, runs, bounds);

    private readonly record struct Nothing;
}
