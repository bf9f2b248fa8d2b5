using System.Globalization;

namespace InferMesh.Strategies.Experiments;

/// <summary>What is measured of an answer.</summary>
public enum Measure
{
    /// <summary>Seconds from arrival to the first token.</summary>
    Ttft,

    /// <summary>Seconds from arrival to the last token.</summary>
    E2e,

    /// <summary>Price of the request, in any one currency.</summary>
    Cost,
}

/// <summary>How many values become one figure.</summary>
public enum Statistic
{
    /// <summary>A quantile. A failed request counts as one that took forever, in times that it would have had: who fails slow requests does not look fast.</summary>
    Quantile,

    /// <summary>Geometric mean: the mean of logarithms, for latencies. Their tail is so heavy that an arithmetic mean is decided by a few requests; the logarithm has a mean and a variance that settle soon, and its differences are ratios.</summary>
    GeometricMean,

    /// <summary>Arithmetic mean of values cut at a cap (winsorised), for money: it adds up, so that the mean counts, and no single request beyond the cap decides.</summary>
    CappedMean,

    /// <summary>Share of failed requests.</summary>
    ErrorRate,
}

/// <summary>One figure by which arms are compared; smaller is better. Its effect is a ratio less 1 (0.1: 10 % more than the control), of the error rate a difference.</summary>
/// <param name="Measure">What is measured; ignored by <see cref="Statistic.ErrorRate"/>.</param>
/// <param name="Statistic">How values become a figure.</param>
/// <param name="Level">The quantile within (0, 1), or the cap, more than 0; 0 for the others.</param>
public readonly record struct ExperimentMetric(Measure Measure, Statistic Statistic, double Level)
{
    /// <summary>A quantile, such as 0.95 of the time to first token.</summary>
    public static ExperimentMetric Quantile(Measure measure, double level) => new(measure, Statistic.Quantile, level);

    /// <summary>A geometric mean.</summary>
    public static ExperimentMetric GeometricMean(Measure measure) => new(measure, Statistic.GeometricMean, 0);

    /// <summary>A mean of values cut at <paramref name="cap"/>.</summary>
    public static ExperimentMetric CappedMean(Measure measure, double cap) => new(measure, Statistic.CappedMean, cap);

    /// <summary>The share of failed requests.</summary>
    public static ExperimentMetric ErrorRate { get; } = new(default, Statistic.ErrorRate, 0);

    /// <summary>Whether the effect is a difference and not a ratio less 1.</summary>
    public bool IsDifference => Statistic == Statistic.ErrorRate;

    /// <summary>Name, such as <c>ttft_p95</c>, <c>e2e_gmean</c>, <c>cost_mean</c> or <c>error_rate</c>.</summary>
    public string Name => Statistic switch
    {
        Statistic.Quantile => $"{Of(Measure)}_p{(Level * 100).ToString("0.##", CultureInfo.InvariantCulture).Replace(".", "", StringComparison.Ordinal)}",
        Statistic.GeometricMean => $"{Of(Measure)}_gmean",
        Statistic.CappedMean => $"{Of(Measure)}_mean",
        _ => "error_rate",
    };

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Reads what <see cref="Name"/> wrote; false when it is no metric.</summary>
    /// <param name="name">Such as <c>ttft_p95</c>, <c>ttft_p999</c> (99.9 %), <c>e2e_gmean</c>, <c>cost_mean</c> or <c>error_rate</c>.</param>
    /// <param name="cap">Values beyond it count as the cap; of a <c>_mean</c> only, whose name does not say it.</param>
    /// <param name="metric">The metric.</param>
    public static bool TryParse(string name, double cap, out ExperimentMetric metric)
    {
        metric = ErrorRate;
        if (name == metric.Name) return true;
        var parts = name.Split('_');
        if (parts.Length != 2) return false;
        Measure? measure = parts[0] switch { "ttft" => Measure.Ttft, "e2e" => Measure.E2e, "cost" => Measure.Cost, _ => null };
        if (measure is not { } of) return false;
        switch (parts[1])
        {
            case "gmean":
                metric = GeometricMean(of);
                return true;
            case "mean":
                metric = CappedMean(of, cap);
                return true;
            case ['p', .. var digits] when digits.Length is > 0 and < 7 && digits.All(char.IsAsciiDigit):
                // A name has no point: p999 is 99.9 %, and p5 is 5 %.
                metric = Quantile(of, int.Parse(digits, CultureInfo.InvariantCulture) / Math.Pow(10, Math.Max(2, digits.Length)));
                return metric.Level is > 0 and < 1 && metric.Name == name;
            default:
                return false;
        }
    }

    private static string Of(Measure measure) => measure switch { Measure.Ttft => "ttft", Measure.E2e => "e2e", _ => "cost" };
}
