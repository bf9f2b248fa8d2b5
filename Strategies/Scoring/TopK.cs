using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

/// <summary>Keeps the k best of a scan, sorted; allocates nothing. Equal scores are ordered by a hash of seed and target, so that ties spread.</summary>
public ref struct TopK
{
    private readonly Span<RankedTarget> _best;
    private readonly ulong _seed;

    /// <summary>Collects into <paramref name="best"/>.</summary>
    public TopK(Span<RankedTarget> best, ulong seed)
    {
        _best = best;
        _seed = seed;
        Count = 0;
    }

    /// <summary>Picks so far.</summary>
    public int Count { get; private set; }

    /// <summary>Offers a target. A score that is not a number counts as infinitely bad, never as a pick that wins by accident.</summary>
    public void Offer(int target, double score)
    {
        if (double.IsNaN(score)) score = double.PositiveInfinity;
        if (Count == _best.Length && !Better(score, target, _best[Count - 1])) return;
        var i = Count < _best.Length ? Count++ : Count - 1;
        for (; i > 0 && Better(score, target, _best[i - 1]); i--) _best[i] = _best[i - 1];
        _best[i] = new(target, score);
    }

    private readonly bool Better(double score, int target, RankedTarget other) =>
        score < other.Score || (score == other.Score && TieBreak.Hash(_seed, target) < TieBreak.Hash(_seed, other.Target));
}

/// <summary>Order of equal scores.</summary>
internal static class TieBreak
{
    /// <summary>A well-mixed hash (the finaliser of SplitMix64, Steele, Lea and Flood 2014).</summary>
    public static ulong Hash(ulong seed, int target)
    {
        var z = seed + 0x9E3779B97F4A7C15UL * ((ulong)(uint)target + 1);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
