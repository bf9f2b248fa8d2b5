namespace InferMesh.Strategies.Experiments;

/// <summary>
/// What the live strategy costs beyond a shadow strategy, before the shadow serves anybody. The outcome of the shadow's pick is never seen, so that this rests on the cost model (the direct
/// method of off-policy evaluation; Dudik, Langford and Li, "Doubly robust policy evaluation and learning", ICML 2011), put on the scale of what was observed: a straight line through observed
/// over expected seconds. What the line cannot know is shown as <see cref="SelectionGapSeconds"/> and widens the interval. Only an experiment measures the difference.
/// </summary>
/// <param name="Requests">Requests behind it.</param>
/// <param name="AgreeShare">Share for which both strategies picked the same target: there the regret is 0, and known to be.</param>
/// <param name="PricedSeconds">Mean regret as the cost model has it, seconds per request; positive when the shadow is better.</param>
/// <param name="Slope">Observed seconds for each expected one.</param>
/// <param name="RegretSeconds">Mean regret on the scale of what was observed, seconds per request.</param>
/// <param name="Low">Lower end of its interval, which holds at all times together, sampling and selection gap included.</param>
/// <param name="High">Upper end.</param>
/// <param name="SelectionGapSeconds">By how much longer than expected requests took where the two disagreed, against where they agreed: the model errs there by about as much.</param>
public sealed record ShadowEstimate(
    long Requests, double AgreeShare, double PricedSeconds, double Slope, double RegretSeconds, double Low, double High, double SelectionGapSeconds)
{
    /// <summary>Least requests of an estimate.</summary>
    public const int MinRequests = 320;

    // The interval is tightest at so many requests.
    private const double TypicalRequests = 10_000;

    /// <summary>Estimates the regret; null with fewer than <see cref="MinRequests"/> requests, or when all were expected to take the same time: nothing to draw a line through.</summary>
    /// <param name="tally">Outcomes, all silos together.</param>
    /// <param name="alpha">Probability, within (0, 1), that the interval is ever wrong by sampling.</param>
    public static ShadowEstimate? Of(ShadowTally tally, double alpha = 0.05)
    {
        ArgumentNullException.ThrowIfNull(tally);
        if (!(alpha is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha must be within (0, 1).");
        var groups = tally.ToSums();
        var all = groups.Aggregate(default(ShadowSums), (a, b) => a + b);
        if (all.Count < MinRequests || Line(all) is not { } slope) return null;
        var regret = slope * all.Regret / all.Count;

        // Jackknife over groups (Efron and Stein 1981): it knows that slope and regret vary together, and that slow requests vary more.
        var (count, variance) = (0, 0.0);
        foreach (var group in groups)
        {
            var rest = all - group;
            if (group.Count == 0 || Line(rest) is not { } without) continue;
            var deviation = without * rest.Regret / rest.Count - regret;
            (count, variance) = (count + 1, variance + deviation * deviation);
        }
        if (count < 2) return null;
        variance *= (count - 1.0) / count;
        var sampling = Math.Sqrt(variance * MeanTest.Factor(all.Count, alpha / 2, TypicalRequests));

        var (agreed, disagreed) = ((double)all.Agreed, (double)(all.Count - all.Agreed));
        var gap = agreed > 0 && disagreed > 0
            ? (all.Observed - all.AgreedObserved - slope * (all.Expected - all.AgreedExpected)) / disagreed - (all.AgreedObserved - slope * all.AgreedExpected) / agreed
            : 0;
        var half = sampling + Math.Abs(gap) * disagreed / all.Count;
        return new(all.Count, agreed / all.Count, all.Regret / 1e6 / all.Count, slope, regret / 1e6, (regret - half) / 1e6, (regret + half) / 1e6, gap / 1e6);
    }

    /// <summary>Slope of observed over expected seconds by least squares; null where there is none.</summary>
    private static double? Line(in ShadowSums s)
    {
        // Exact in whole numbers: differences of such sums lose too much otherwise.
        var spread = s.ExpectedSquared * s.Count - (Int128)s.Expected * s.Expected;
        var together = s.ExpectedObserved * s.Count - (Int128)s.Expected * s.Observed;
        return spread > 0 ? (double)together / (double)spread : null;
    }
}
