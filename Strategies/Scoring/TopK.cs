using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

/// <summary>
/// Keeps the k best of a search, sorted; allocates nothing. Equal scores are ordered by how far they lie behind a start that the seed draws, in a circle
/// over all targets: ties spread over decisions, and a search need not look at all of them to know the winner.
/// </summary>
public ref struct TopK
{
    private readonly Span<RankedTarget> _best;
    private readonly int _count;

    /// <summary>Collects into <paramref name="best"/>.</summary>
    /// <param name="best">Where the picks go.</param>
    /// <param name="seed">Draws the start.</param>
    /// <param name="targets">Targets in all, 1 or more.</param>
    public TopK(Span<RankedTarget> best, ulong seed, int targets)
    {
        _best = best;
        _count = targets;
        Start = targets > 0 ? (int)(TieBreak.Hash(seed, 0) % (ulong)targets) : 0;
        Count = 0;
    }

    /// <summary>Picks so far.</summary>
    public int Count { get; private set; }

    /// <summary>The target that wins every tie.</summary>
    public int Start { get; }

    /// <summary>Offers a target. A score that is not a number counts as infinitely bad, never as a pick that wins by accident.</summary>
    public void Offer(int target, double score)
    {
        if (double.IsNaN(score)) score = double.PositiveInfinity;
        if (Count == _best.Length && !Better(score, target, _best[Count - 1])) return;
        var i = Count < _best.Length ? Count++ : Count - 1;
        for (; i > 0 && Better(score, target, _best[i - 1]); i--) _best[i] = _best[i - 1];
        _best[i] = new(target, score);
    }

    /// <summary>Whether a target from <paramref name="from"/> to before <paramref name="to"/> with a score of <paramref name="bound"/> or more could.</summary>
    public readonly bool MayTake(double bound, int from, int to)
    {
        if (Count < _best.Length || bound < _best[Count - 1].Score) return true;
        if (bound > _best[Count - 1].Score) return false;
        // A tie at best: the nearest of the run must lie before the last pick. A run that holds the start holds the winner.
        return (from <= Start && Start < to) || Behind(from) < Behind(_best[Count - 1].Target);
    }

    private readonly int Behind(int target) => target >= Start ? target - Start : target - Start + _count;

    private readonly bool Better(double score, int target, RankedTarget other) =>
        score < other.Score || (score == other.Score && Behind(target) < Behind(other.Target));
}

/// <summary>Randomness that is a function of its input.</summary>
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
