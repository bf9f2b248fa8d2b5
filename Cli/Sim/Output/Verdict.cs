using InferMesh.Simulator.Results;

namespace InferMesh.Cli.Sim.Output;

/// <summary>What two strategies differ by in one figure.</summary>
internal enum VerdictKind
{
    /// <summary>Better by more than chance and resolution.</summary>
    Better,

    /// <summary>Worse by more than chance and resolution.</summary>
    Worse,

    /// <summary>No difference that the seeds can tell from none.</summary>
    Same,

    /// <summary>One seed cannot tell, or a figure is missing.</summary>
    Unknown,
}

/// <summary>One strategy against another in one figure, paired by seed: equal seeds meet the same requests.</summary>
/// <param name="Kind">The verdict.</param>
/// <param name="Ratio">The first's mean over the second's; not a number where the second's is zero.</param>
/// <param name="Difference">The first's minus the second's, with its 95 % interval.</param>
internal readonly record struct Verdict(VerdictKind Kind, double Ratio, ConfidenceInterval Difference)
{
    /// <summary>Quantiles are known within 1 %: a smaller difference of means is none.</summary>
    public const double Resolution = 0.01;

    /// <summary>Compares the values of <paramref name="a"/> with those of <paramref name="b"/>, run by run.</summary>
    public static Verdict Of(Better better, IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        var difference = Confidence.OfDifference(a, b);
        double meanA = Confidence.Of(a).Mean, meanB = Confidence.Of(b).Mean;
        var ratio = meanB == 0 ? meanA == 0 ? 1 : double.NaN : meanA / meanB;
        if (!difference.IsKnown || better == Better.Neither) return new(VerdictKind.Unknown, ratio, difference);
        var apart = difference.Low > 0 || difference.High < 0;
        if (!apart || Math.Abs(difference.Mean) <= Resolution * Math.Max(Math.Abs(meanA), Math.Abs(meanB))) return new(VerdictKind.Same, ratio, difference);
        return new(difference.Mean > 0 == (better == Better.Higher) ? VerdictKind.Better : VerdictKind.Worse, ratio, difference);
    }

    /// <summary>The same for two documents; only seeds that both have count.</summary>
    public static Verdict Of(string figure, MetricsDocument a, MetricsDocument b)
    {
        // Nothing that met its goal is worse than any price.
        if (a.IsMissing(figure) || b.IsMissing(figure))
        {
            int missingA = a.Runs.Count(r => r.Figures[figure] <= 0), missingB = b.Runs.Count(r => r.Figures[figure] <= 0);
            var kind = a.Runs.Count < 2 || b.Runs.Count < 2 ? VerdictKind.Unknown
                : missingA == missingB ? VerdictKind.Same
                : missingA > missingB ? VerdictKind.Worse : VerdictKind.Better;
            return new(kind, double.NaN, Confidence.Of([]));
        }

        var seeds = a.Seeds.Intersect(b.Seeds).ToHashSet();
        double[] Values(MetricsDocument m) => [.. m.Runs.Where(r => seeds.Contains(r.Seed)).OrderBy(static r => r.Seed).Select(r => r.Figures[figure])];
        return Of(Figures.Get(figure).Better, Values(a), Values(b));
    }
}
