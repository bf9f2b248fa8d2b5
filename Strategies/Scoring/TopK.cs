using System.Runtime.Intrinsics;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

/// <summary>
/// Keeps the k best of a search, sorted; allocates nothing. Equal scores are ordered by how far they lie behind a start that the seed draws, in a circle
/// over all targets: ties spread over decisions, and a search need not look at all of them to know the winner.
/// </summary>
public ref struct TopK
{
    // The last 18 of 52 bits: a ten-billionth.
    private const long TieBits = (1L << 18) - 1;

    // Up to here a walk from the end finds the place of a pick sooner than halving does.
    private const int ShortWalk = 8;

    private readonly Span<RankedTarget> _best;
    private readonly int _count;
    private readonly int[]? _places;

    /// <summary>Collects into <paramref name="best"/>.</summary>
    /// <param name="best">Where the picks go.</param>
    /// <param name="seed">Draws the start.</param>
    /// <param name="targets">All targets; the circle is their order of search.</param>
    public TopK(Span<RankedTarget> best, ulong seed, TargetSet targets)
        : this(best, seed, targets.Count) => _places = targets.Order?.Place;

    /// <inheritdoc cref="TopK(Span{RankedTarget}, ulong, TargetSet)"/>
    /// <param name="best">Where the picks go.</param>
    /// <param name="seed">Draws the start.</param>
    /// <param name="targets">Targets in all, 1 or more; they stand in the circle as they are numbered.</param>
    public TopK(Span<RankedTarget> best, ulong seed, int targets)
    {
        _best = best;
        _count = targets;
        Start = targets > 0 ? (int)(TieBreak.Hash(seed, 0) % (ulong)targets) : 0;
        Count = 0;
    }

    /// <summary>Picks so far.</summary>
    public int Count { get; private set; }

    /// <summary>The place in the circle that wins every tie.</summary>
    public int Start { get; }

    /// <summary>The greatest score that could still get in: that of the last pick, once there are enough.</summary>
    internal readonly double Limit => Count < _best.Length ? double.MaxValue : BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(_best[Count - 1].Score) | TieBits);

    /// <summary>
    /// Offers a target and returns whether it got in. A score that is not a number counts as infinitely bad, never as a pick that wins by accident. Scores that differ by less than a
    /// ten-billionth of themselves are equal: sums of the same terms in another order must not decide.
    /// </summary>
    public bool Offer(int target, double score)
    {
        if (double.IsNaN(score)) score = double.PositiveInfinity;
        if (Count == _best.Length && !Better(score, target, _best[Count - 1])) return false;
        var i = Count < _best.Length ? Count++ : Count - 1;
        if (i > ShortWalk)
        {
            var place = Place(target, score, i);
            _best[place..i].CopyTo(_best[(place + 1)..]);
            i = place;
        }
        else
        {
            for (; i > 0 && Better(score, target, _best[i - 1]); i--) _best[i] = _best[i - 1];
        }
        _best[i] = new(target, score);
        return true;
    }

    /// <summary>Whether a target at a place from <paramref name="from"/> to before <paramref name="to"/> with a score of <paramref name="bound"/> or more could.</summary>
    public readonly bool MayTake(double bound, int from, int to)
    {
        if (Count < _best.Length) return true;
        var (offered, last) = (Comparable(bound), Comparable(_best[Count - 1].Score));
        // A tie at best: the nearest of the run must lie before the last pick. A run that holds the start may hold the winner.
        return offered < last || (offered == last && Behind(from, to - 1) < Behind(_best[Count - 1].Target));
    }

    /// <summary>A score as it is compared.</summary>
    internal static double Comparable(double score) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(score) & ~TieBits);

    /// <inheritdoc cref="Comparable(double)"/>
    internal static Vector512<double> Comparable(Vector512<double> scores) => (scores.AsInt64() & Vector512.Create(~TieBits)).AsDouble();

    /// <summary>How far behind the start the first of a run can be.</summary>
    internal readonly int Behind(int from, int last) => from <= Start && Start <= last ? 0 : FromStart(from);

    /// <summary>How many of the first picks are better.</summary>
    private readonly int Place(int target, double score, int among)
    {
        var (low, high, mine) = (0, among, Comparable(score));
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var theirs = Comparable(_best[middle].Score);
            if (mine < theirs || (mine == theirs && Behind(target) < Behind(_best[middle].Target))) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private readonly int Behind(int target) => FromStart(_places is null ? target : _places[target]);

    private readonly int FromStart(int place) => place >= Start ? place - Start : place - Start + _count;

    private readonly bool Better(double score, int target, RankedTarget other) =>
        Comparable(score) is var mine && Comparable(other.Score) is var theirs && (mine < theirs || (mine == theirs && Behind(target) < Behind(other.Target)));
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
