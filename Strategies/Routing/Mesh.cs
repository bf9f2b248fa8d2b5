using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>Least expected time: queue + prefill + decode + network + cold start + money + age of the reading, all in seconds (<see cref="CostModel"/>).</summary>
internal sealed class Mesh(CostModel cost) : PricedStrategy(cost)
{
    public override string Name => "mesh";

    protected override CostTerms Price(in RankingInput input, int target) => Cost.Price(input, target);

    protected override void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds) => Cost.LowerBounds(input, runs, bounds);
}
