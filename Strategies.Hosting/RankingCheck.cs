using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Hosting;

/// <summary>Whether a ranking can be used.</summary>
internal static class RankingCheck
{
    /// <summary>One pick at least, no more than wanted, each eligible, none twice, scores finite.</summary>
    public static bool IsValid(in RankingInput input, ReadOnlySpan<RankedTarget> best, int count)
    {
        if (count < 1 || count > best.Length) return false;
        for (var i = 0; i < count; i++)
        {
            var (target, score) = best[i];
            if ((uint)target >= (uint)input.Filter.Length || input.Filter[target] != FilterReason.None || !double.IsFinite(score)) return false;
            for (var other = 0; other < i; other++)
            {
                if (best[other].Target == target) return false;
            }
        }
        return true;
    }
}
