using System.Numerics;
using System.Runtime.Intrinsics;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A score with bounds, for the search.</summary>
internal interface IBoundedScore
{
    /// <summary>Score of one target; lower is better.</summary>
    double Score(in RankingInput input, int target);

    /// <summary>For each of 16 runs of targets, at most the score of any eligible one; infinite where there is none.</summary>
    void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds);
}

/// <summary>
/// Exact best k by branch and bound (Land and Doig 1960) down the tree of bounds: the most promising run first, and none that cannot hold one of the best. Its answer is
/// that of a scan, ties included. Where bounds tell nothing apart it is a vectorised scan and a sixteenth.
/// </summary>
internal static class TreeSearch
{
    public static int Rank<TScore>(TScore score, BoundTree tree, in RankingInput input, Span<RankedTarget> best)
        where TScore : struct, IBoundedScore
    {
        var top = new TopK(best, input.Seed, input.Targets);
        Visit(score, tree, input, tree.Top, 0, ref top);
        return top.Count;
    }

    /// <summary>Looks at 16 siblings; returns whether any of the best came from there.</summary>
    private static bool Visit<TScore>(TScore score, BoundTree tree, scoped in RankingInput input, int level, int group, scoped ref TopK top)
        where TScore : struct, IBoundedScore
    {
        Span<double> bounds = stackalloc double[BoundGroup.Lanes];
        score.LowerBounds(input, tree.Group(level, group), bounds);
        var (low, high) = (Finite(TopK.Comparable(Vector512.Create<double>(bounds))), Finite(TopK.Comparable(Vector512.Create<double>(bounds[8..]))));
        low.CopyTo(bounds);
        high.CopyTo(bounds[8..]);
        var found = false;
        while (Least(low, high) is var least && least <= top.Limit)
        {
            var ties = Equal(low, high, least);
            var lane = (ties & (ties - 1)) != 0 ? Nearest(tree, level, group, ties, top) : BitOperations.TrailingZeroCount(ties);
            var entry = group * BoundGroup.Lanes + lane;
            var (first, last) = tree.Places(level, entry);
            // The least, and of equals the nearest: what is left is no better.
            if (!top.MayTake(least, first, last + 1)) break;
            // It has had its turn.
            bounds[lane] = double.PositiveInfinity;
            (low, high) = (Vector512.Create<double>(bounds), Vector512.Create<double>(bounds[8..]));
            if (level == 0)
            {
                var target = tree.Row(entry);
                found |= top.Offer(target, score.Score(input, target));
            }
            else if (Visit(score, tree, input, level - 1, entry, ref top))
            {
                found = true;
            }
            else
            {
                tree.Tighten(level, entry, input.NowTicks);
            }
        }
        return found;
    }

    /// <summary>Bounds that compare: what is no number bounds a run that nobody can be in.</summary>
    private static Vector512<double> Finite(Vector512<double> bounds) =>
        Vector512.ConditionalSelect(Vector512.LessThanOrEqual(bounds, Vector512.Create(double.MaxValue)), bounds, Vector512.Create(double.PositiveInfinity));

    private static uint Equal(Vector512<double> low, Vector512<double> high, double bound)
    {
        var equal = Vector512.Create(bound);
        return (uint)Vector512.Equals(low, equal).ExtractMostSignificantBits() | (uint)Vector512.Equals(high, equal).ExtractMostSignificantBits() << 8;
    }

    private static double Least(Vector512<double> low, Vector512<double> high)
    {
        var eight = Vector512.MinNative(low, high);
        var four = Vector256.MinNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MinNative(four.GetLower(), four.GetUpper());
        return Math.Min(two[0], two[1]);
    }

    /// <summary>Of runs that are equally good, the one whose targets win ties.</summary>
    private static int Nearest(BoundTree tree, int level, int group, uint among, scoped in TopK top)
    {
        var (nearest, least) = (-1, int.MaxValue);
        for (; among != 0; among &= among - 1)
        {
            var lane = BitOperations.TrailingZeroCount(among);
            var (first, last) = tree.Places(level, group * BoundGroup.Lanes + lane);
            var behind = top.Behind(first, last);
            if (behind < least) (nearest, least) = (lane, behind);
        }
        return nearest;
    }
}
