using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// The mesh without old news: a reading beyond the limit of age counts as none. What is left then is what the router knows itself, its own requests there and the
/// target's capacity, and an assumed load: unknown is not idle.
/// </summary>
/// <param name="cost">Cost model.</param>
/// <param name="maxAgeSeconds">Age up to which a reading is used.</param>
/// <param name="assumedOccupancy">Share of the batch that is taken to be busy where nothing is known, 0..1.</param>
internal sealed class MeshStale(CostModel cost, double maxAgeSeconds, double assumedOccupancy) : PricedStrategy(cost)
{
    public override string Name => "mesh_stale";

    protected override CostTerms Price(in RankingInput input, int target)
    {
        var t = input.Targets;
        return t.AgeSeconds(target, input.NowTicks) <= maxAgeSeconds
            ? Cost.Price(input, target)
            : Cost.Price(input, target, new(t.Local[target].Requests + assumedOccupancy * t.BatchSize(target), MaxAgeSeconds: maxAgeSeconds));
    }

    protected override double LowerBound(in RankingInput input, in BlockBounds bounds)
    {
        // Whichever of the two views a target is seen by, it has no less load and no less age than this.
        var least = bounds;
        least.MinLoad = Math.Min(bounds.MinLoad, assumedOccupancy * bounds.MinBatchSize);
        least.MaxSampledAtTicks = Math.Max(bounds.MaxSampledAtTicks, input.NowTicks - (long)(maxAgeSeconds * TimeSpan.TicksPerSecond));
        return Cost.LowerBound(input, least);
    }
}
