using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>Fewest requests, running and waiting, with this router's own dispatches since the reading counted in.</summary>
internal sealed class LeastQueue() : ScoringStrategy(new CostModel())
{
    public override string Name => "least_queue";

    protected override double Score(in RankingInput input, int target) => input.Targets.Load(target);

    protected override double LowerBound(in RankingInput input, in BlockBounds bounds) => bounds.MinLoad;
}
