using System.Runtime.Intrinsics;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>Fewest requests, running and waiting, with this router's own dispatches since the reading counted in.</summary>
internal sealed class LeastQueue() : ScoringStrategy(new CostModel())
{
    public override string Name => "least_queue";

    protected override double Score(in RankingInput input, int target) => input.Targets.Load(target);

    protected override void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds)
    {
        for (var half = 0; half < 2; half++) runs.Half(BoundColumn.Load, half).CopyTo(bounds[(half * Vector512<double>.Count)..]);
    }
}
