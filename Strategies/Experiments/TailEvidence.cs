namespace InferMesh.Strategies.Experiments;

/// <summary>
/// Evidence that may be looked at at any time, from two counts: of arm A, events are rarer than a share, and of arm B more frequent than another. It is an e-process: while at least one of the
/// two is not so, it exceeds 1/alpha at any time with probability alpha at most (Ville's inequality; Ramdas, Grunwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid
/// inference", Statistical Science 2023). Exact at any number of requests, not asymptotic.
/// <para>
/// For one arm with x events of n and a share s, exp(tilt x) / (1 - s + s exp(tilt))^n is a supermartingale for a tilt above 0 while the events are no more frequent than s, and for a tilt
/// below 0 while they are no rarer: the sub-Bernoulli process of Howard, Ramdas, McAuliffe and Sekhon ("Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics
/// 2021). A product of such processes of two arms is one again, and so is a weighted mean over tilts (the method of mixtures, Robbins 1970): here over differences of 0.02 to 9 in log odds,
/// so that none has to be guessed. Howard and Ramdas ("Sequential estimation of quantiles with applications to A/B testing and best-arm identification", Bernoulli 2022) mix each arm by itself
/// by a beta distribution; the common mixture here costs one logarithm of the number of tilts instead of two, and no incomplete beta function.
/// </para>
/// </summary>
internal readonly ref struct TailEvidence
{
    /// <summary>Tilts of the mixture.</summary>
    public const int Tilts = 14;

    private const double FirstTilt = 0.02, TiltRatio = 1.6;

    // What both arms say together finds a difference; what each says alone rules out shares that neither has.
    private const double BothWeight = 0.7 / Tilts, AloneWeight = 0.15 / Tilts;

    // exp(690) is about the greatest number there is.
    private const double MaxExponent = 690;

    private readonly Span<double> _table;

    /// <summary>Room that the constructor asks for.</summary>
    public const int TableLength = 4 * Tilts;

    /// <summary>Evidence of two arms.</summary>
    /// <param name="table">Working memory, <see cref="TableLength"/> numbers.</param>
    /// <param name="weightA">Part of the requests that arm A is meant to get.</param>
    /// <param name="weightB">The same for B.</param>
    public TailEvidence(Span<double> table, double weightA, double weightB)
    {
        _table = table;
        var tilt = FirstTilt;
        for (var i = 0; i < Tilts; i++, tilt *= TiltRatio)
        {
            // The arm with more requests is known better, so that the smaller one deviates more: in proportion, what both say together does not depend on where between them the share is.
            table[i] = -tilt * weightB / (weightA + weightB);
            table[Tilts + i] = tilt * weightA / (weightA + weightB);
        }
    }

    /// <summary>Sets the shares and the numbers of requests.</summary>
    public void Set(double nA, double shareA, double nB, double shareB)
    {
        var t = _table;
        for (var i = 0; i < Tilts; i++)
        {
            t[2 * Tilts + i] = nA * Cumulant(shareA, t[i]);
            t[3 * Tilts + i] = nB * Cumulant(shareB, t[Tilts + i]);
        }
    }

    /// <summary>Whether the evidence from <paramref name="xA"/> and <paramref name="xB"/> events is at least <paramref name="threshold"/>, and whether that of either arm alone is.</summary>
    public (bool Both, bool AloneA, bool AloneB) Reaches(double threshold, double xA, double xB)
    {
        var t = _table;
        double both = 0, aloneA = 0, aloneB = 0;
        for (var i = 0; i < Tilts; i++)
        {
            var (a, b) = (Exp(t[i] * xA - t[2 * Tilts + i]), Exp(t[Tilts + i] * xB - t[3 * Tilts + i]));
            aloneA += AloneWeight * a;
            aloneB += AloneWeight * b;
            both += BothWeight * a * b;
        }
        return (both + aloneA + aloneB >= threshold, aloneA >= threshold, aloneB >= threshold);
    }

    private static double Exp(double exponent) => Math.Exp(Math.Min(exponent, MaxExponent));

    /// <summary>Logarithm of the mean of exp(tilt x) over x of 0 and 1, 1 with the given share.</summary>
    private static double Cumulant(double share, double tilt) => Math.Log(1 - share + share * Math.Exp(tilt));
}
