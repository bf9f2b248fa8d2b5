namespace InferMesh.Strategies.Experiments;

/// <summary>Whether the arms have the share of requests that their weights give them.</summary>
/// <param name="IsOff">They have not: outcomes of some arm are lost or made, and no figure of the experiment can be trusted.</param>
/// <param name="Evidence">Logarithm of the evidence that they have not; below 0 it speaks for their weights.</param>
/// <param name="Expected">Expected share of each arm; 0 for arms that are not looked at.</param>
/// <param name="Actual">Share that each arm has; 0 for arms that are not looked at.</param>
public sealed record RatioCheck(bool IsOff, double Evidence, IReadOnlyList<double> Expected, IReadOnlyList<double> Actual);

/// <summary>
/// The sample-ratio check: requests are dealt out by known weights, so that another ratio among the outcomes tells of a fault in between, such as an arm whose slow requests are never reported.
/// The evidence is the ratio of the likelihood under a Dirichlet mixture around the weights to that under the weights themselves, an e-process: it may be looked at any time, and is above
/// 1/<see cref="Alpha"/> ever with a probability of at most <see cref="Alpha"/> when nothing is wrong (Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022).
/// </summary>
public static class SampleRatio
{
    /// <summary>Probability of a false alarm over all time.</summary>
    public const double Alpha = 0.0001;

    // Prior requests: deviations of some percent are what such faults make, and a large one must show before a winner does.
    private const double Concentration = 100;

    /// <summary>
    /// Compares requests with weights: those whose outcome is known and those that are in flight, as outcomes of a slow arm come later. One that counts twice, as failed and as what a second decision made of it, was given once. Arms that were stopped are left out: those that remain keep their ratio to each other, as units of a stopped arm go to them by their weights. Promoted
    /// experiments are not looked at: outcomes of before the promotion arrive after it. Nor are those that assign anything but single requests: all requests of a session, tenant or header go
    /// to one arm, so that their counts differ from the weights without any fault, and units are not counted.
    /// </summary>
    /// <param name="spec">The experiment.</param>
    /// <param name="state">Its state.</param>
    /// <param name="tallies">Outcomes of each arm, in the order of the arms.</param>
    /// <param name="inFlight">Requests of each arm whose outcome is still to come, but for those that have counted before.</param>
    public static RatioCheck Check(ExperimentSpec spec, ExperimentState state, IReadOnlyList<ArmTally> tallies, IReadOnlyList<long> inFlight)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(tallies);
        ArgumentNullException.ThrowIfNull(inFlight);
        var isLookedAt = spec.Unit == AssignmentUnit.Request && state.Phase is ExperimentPhase.Running or ExperimentPhase.Decided;
        var weights = isLookedAt ? state.WeightsOf(spec) : [.. spec.Arms.Select(static _ => 0.0)];
        var whole = weights.Sum();
        var counts = weights.Select((w, i) => w > 0 ? (tallies[i].Requests - tallies[i].Again + inFlight[i]) / spec.DesignEffect : 0).ToArray();
        var n = counts.Sum();
        if (whole <= 0 || n <= 0) return new(false, 0, [.. weights.Select(static _ => 0.0)], counts);
        double[] shares = [.. weights.Select(w => w / whole)];
        var evidence = LogGamma(Concentration) - LogGamma(Concentration + n);
        for (var i = 0; i < shares.Length; i++)
        {
            if (shares[i] > 0) evidence += LogGamma(Concentration * shares[i] + counts[i]) - LogGamma(Concentration * shares[i]) - counts[i] * Math.Log(shares[i]);
        }
        return new(evidence >= -Math.Log(Alpha), evidence, shares, [.. counts.Select(c => c / n)]);
    }

    /// <summary>Logarithm of the gamma function of a number above 0: Stirling's series beyond 10, the recurrence below (Abramowitz and Stegun, 6.1.15 and 6.1.41).</summary>
    internal static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 10; x++) shift -= Math.Log(x);
        var inverse = 1 / (x * x);
        return shift + (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + (1 / 12.0 - inverse * (1 / 360.0 - inverse * (1 / 1260.0 - inverse / 1680.0))) / x;
    }
}
