using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A score with a bound, for the pruned search.</summary>
internal interface IBoundedScore
{
    /// <summary>Score of one target; lower is better.</summary>
    double Score(in RankingInput input, int target);

    /// <summary>At most the score of any eligible target within the bounds.</summary>
    double LowerBound(in RankingInput input, in BlockBounds bounds);
}

/// <summary>
/// Exact best k by branch and bound (Land and Doig 1960): groups, then blocks, in order of their lower bounds, until no bound can beat the kth best. Its answer is
/// that of a scan, ties included. Where bounds do not prune it costs a scan and a sixteenth.
/// </summary>
internal static class PrunedSearch
{
    private const int StackGroups = 1024;

    public static int Rank<TScore>(TScore score, TargetIndex index, in RankingInput input, Span<RankedTarget> best)
        where TScore : IBoundedScore
    {
        var top = new TopK(best, input.Seed, input.Targets.Count);
        Span<double> groups = index.Groups <= StackGroups ? stackalloc double[index.Groups] : new double[index.Groups];
        for (var group = 0; group < groups.Length; group++) groups[group] = Bound(score, input, index.Group(group));
        Span<double> blocks = stackalloc double[TargetIndex.GroupBlocks];
        const int GroupSize = TargetIndex.BlockSize * TargetIndex.GroupBlocks;
        while (TakeLeast(groups, top.Start / GroupSize, out var group, out var groupBound))
        {
            // Bounds come in their order, ties in the order in which they win: what follows is no better.
            if (!top.MayTake(groupBound, group * GroupSize, (group + 1) * GroupSize)) break;
            var first = group * TargetIndex.GroupBlocks;
            var bounds = blocks[..(index.LastBlock(group) - first)];
            for (var i = 0; i < bounds.Length; i++) bounds[i] = Bound(score, input, index.Block(first + i));
            var start = top.Start / TargetIndex.BlockSize - first;
            while (TakeLeast(bounds, start >= 0 && start < bounds.Length ? start : 0, out var block, out var blockBound))
            {
                var from = (first + block) * TargetIndex.BlockSize;
                var to = Math.Min(input.Targets.Count, from + TargetIndex.BlockSize);
                if (!top.MayTake(blockBound, from, to)) break;
                for (var target = from; target < to; target++)
                {
                    if (input.Filter[target] == FilterReason.None) top.Offer(target, score.Score(input, target));
                }
            }
        }
        return top.Count;
    }

    private static double Bound<TScore>(TScore score, in RankingInput input, in BlockBounds bounds)
        where TScore : IBoundedScore
    {
        if (bounds.Eligible == 0) return double.NaN;
        var bound = score.LowerBound(input, bounds);
        return double.IsNaN(bound) ? double.NegativeInfinity : bound;
    }

    /// <summary>The least of the bounds, from <paramref name="start"/> on in a circle, so that ties are met in the order in which they win; it is taken out.</summary>
    private static bool TakeLeast(Span<double> bounds, int start, out int at, out double bound)
    {
        (at, bound) = (-1, double.PositiveInfinity);
        for (var i = start; i < bounds.Length; i++) Consider(bounds, i, ref at, ref bound);
        for (var i = 0; i < start; i++) Consider(bounds, i, ref at, ref bound);
        if (at < 0) return false;
        bounds[at] = double.NaN;
        return true;
    }

    private static void Consider(Span<double> bounds, int i, ref int at, ref double bound)
    {
        if (bounds[i] < bound || (at < 0 && double.IsPositiveInfinity(bounds[i]))) (at, bound) = (i, bounds[i]);
    }
}
