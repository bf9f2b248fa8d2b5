using System.Numerics;
using System.Runtime.Intrinsics;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Tests.Benchmarks.Kernel;

/// <summary>The best three by a vectorised scan over all targets, with the kernel's own arithmetic: what an index must beat, or not fall far behind.</summary>
internal sealed class VectorScan(TargetSet targets, CostModel cost)
{
    private readonly BoundTree _tree = targets.Index!.Tree(cost);
    private readonly int _groups = (targets.Count + BoundGroup.Lanes - 1) / BoundGroup.Lanes;

    public int Best(RoutingRequest request, CostModel weights, IRoutingStrategy strategy, ulong seed, Span<RankedTarget> best)
    {
        var input = new RankingInput(targets, request, targets.Index!.Verdicts, KernelFleet.NowTicks, seed, seed) { Index = targets.Index };
        Span<double> seconds = stackalloc double[BoundGroup.Lanes];
        var top = new TopK(best, seed, targets);
        for (var group = 0; group < _groups; group++)
        {
            weights.LowerBounds(input, _tree.Group(0, group), seconds);
            var limit = Vector512.Create(top.Limit);
            var mask = (uint)(Vector512.LessThanOrEqual(Vector512.Create<double>(seconds), limit).ExtractMostSignificantBits()
                | Vector512.LessThanOrEqual(Vector512.Create<double>(seconds[8..]), limit).ExtractMostSignificantBits() << 8);
            for (; mask != 0; mask &= mask - 1)
            {
                var target = _tree.Row(group * BoundGroup.Lanes + BitOperations.TrailingZeroCount(mask));
                top.Offer(target, strategy.Explain(input, target).TotalSeconds);
            }
        }
        return top.Count;
    }
}
