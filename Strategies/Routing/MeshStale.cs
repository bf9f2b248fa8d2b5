using System.Runtime.Intrinsics;
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
            : Cost.Price(input, target, new(t.Local[target].Requests + assumedOccupancy * t.Cost[target].MaxBatchSize, MaxAgeSeconds: maxAgeSeconds));
    }

    protected override void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds)
    {
        Cost.LowerBounds(input, runs, bounds);
        // The bounds are those of what readings say. Where one is too old to be used, they hold for nothing.
        var oldest = Vector512.Create(input.NowTicks - (long)(maxAgeSeconds * TimeSpan.TicksPerSecond));
        for (var half = 0; half < 2; half++)
        {
            var part = bounds.Slice(half * Vector512<double>.Count, Vector512<double>.Count);
            var stale = Vector512.LessThanOrEqual(runs.Half(BoundColumn.Oldest, half).AsInt64(), oldest).AsDouble();
            Vector512.ConditionalSelect(stale, Vector512.Create(double.NegativeInfinity), Vector512.Create<double>(part)).CopyTo(part);
        }
    }
}
