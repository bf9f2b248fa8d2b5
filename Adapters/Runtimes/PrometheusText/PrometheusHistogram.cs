using System.Globalization;

namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>One bucket of a histogram.</summary>
/// <param name="UpperBound">Inclusive upper bound; the last one is +Inf.</param>
/// <param name="CumulativeCount">Observations at or below the bound.</param>
public readonly record struct PrometheusBucket(double UpperBound, double CumulativeCount);

/// <summary>Cumulative buckets with their sum and count. Immutable.</summary>
public sealed class PrometheusHistogram
{
    private PrometheusHistogram(PrometheusBucket[] buckets, double sum, double count)
    {
        Buckets = buckets;
        Sum = sum;
        Count = count;
    }

    /// <summary>Buckets by rising bound; at least one.</summary>
    public IReadOnlyList<PrometheusBucket> Buckets { get; }

    /// <summary>Sum of all observations; NaN when the page does not give it.</summary>
    public double Sum { get; }

    /// <summary>Number of observations.</summary>
    public double Count { get; }

    /// <summary>Mean observation; NaN without observations or sum.</summary>
    public double Mean => Count > 0 ? Sum / Count : double.NaN;

    /// <summary>What was observed since <paramref name="earlier"/>.</summary>
    /// <param name="earlier">The same histogram at an earlier moment.</param>
    /// <returns>The difference; null when a count fell or the bounds changed, since the process has then restarted in between.</returns>
    public PrometheusHistogram? Since(PrometheusHistogram earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        if (earlier.Buckets.Count != Buckets.Count || Count < earlier.Count || Sum < earlier.Sum)
            return null;
        var buckets = new PrometheusBucket[Buckets.Count];
        for (var i = 0; i < buckets.Length; i++)
        {
            var (now, before) = (Buckets[i], earlier.Buckets[i]);
            if (now.UpperBound != before.UpperBound || now.CumulativeCount < before.CumulativeCount)
                return null;
            buckets[i] = new(now.UpperBound, now.CumulativeCount - before.CumulativeCount);
        }
        return new PrometheusHistogram(buckets, Sum - earlier.Sum, Count - earlier.Count);
    }

    /// <summary>
    /// Estimates a quantile by linear interpolation inside its bucket, as PromQL's <c>histogram_quantile</c> does
    /// (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile): a quantile beyond the highest finite bound is that bound.
    /// </summary>
    /// <param name="quantile">0 to 1.</param>
    /// <returns>The estimate; NaN without observations.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The quantile is not within 0 to 1.</exception>
    public double Quantile(double quantile)
    {
        if (!(quantile is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(quantile), quantile, "a quantile is within 0 to 1");
        var total = Buckets[^1].CumulativeCount;
        if (!(total > 0))
            return double.NaN;
        var rank = quantile * total;
        var (below, lower) = (0.0, 0.0);
        foreach (var (upper, cumulative) in Buckets)
        {
            if (cumulative >= rank && cumulative > below)
                return Interpolate(lower, upper, below, cumulative, rank);
            (below, lower) = (cumulative, upper);
        }
        return lower;
    }

    private double Interpolate(double lower, double upper, double below, double cumulative, double rank)
    {
        if (double.IsPositiveInfinity(upper))
            return Buckets.Count > 1 ? Buckets[^2].UpperBound : double.NaN;
        if (upper <= 0)
            return upper; // the first bucket of a histogram over negative values has no lower end to start from
        return lower + ((upper - lower) * (rank - below) / (cumulative - below));
    }

    internal static PrometheusHistogram? From(PrometheusPage page, string name, PrometheusLabels? labels)
    {
        var series = new Dictionary<PrometheusLabels, SortedDictionary<double, double>>();
        foreach (var sample in page.Samples(name + "_bucket", labels))
        {
            if (!TryBound(sample.Labels["le"], out var bound) || double.IsNaN(sample.Value))
                return null; // a bucket without a bound or a count makes every quantile a guess
            var key = sample.Labels.Without("le");
            if (!series.TryGetValue(key, out var buckets))
                series.Add(key, buckets = []);
            buckets[bound] = sample.Value;
        }
        if (series.Count == 0)
            return null;
        var merged = Merge(series.Values);
        return Valid(merged)
            ? new PrometheusHistogram(merged, Total(page, name + "_sum", labels, series.Count), merged[^1].CumulativeCount)
            : null;
    }

    /// <summary>Cumulative counts add up at bounds that all series share, so only those are kept.</summary>
    private static PrometheusBucket[] Merge(IReadOnlyCollection<SortedDictionary<double, double>> series)
    {
        var first = series.First();
        return [.. first.Keys.Where(bound => series.All(s => s.ContainsKey(bound))).Select(bound => new PrometheusBucket(bound, series.Sum(s => s[bound])))];
    }

    /// <summary>Ends in +Inf and never falls; else lines were lost or garbled.</summary>
    private static bool Valid(PrometheusBucket[] buckets)
    {
        if (buckets.Length == 0 || !double.IsPositiveInfinity(buckets[^1].UpperBound) || buckets[0].CumulativeCount < 0)
            return false;
        for (var i = 1; i < buckets.Length; i++)
        {
            if (buckets[i].CumulativeCount < buckets[i - 1].CumulativeCount)
                return false;
        }
        return true;
    }

    private static double Total(PrometheusPage page, string name, PrometheusLabels? labels, int expected)
    {
        var (sum, seen) = (0.0, 0);
        foreach (var sample in page.Samples(name, labels))
        {
            sum += sample.Value;
            seen++;
        }
        return seen == expected ? sum : double.NaN;
    }

    private static bool TryBound(string? text, out double bound)
    {
        bound = double.NaN;
        return text is not null && PrometheusNumber.TryParse(text, out bound) && !double.IsNaN(bound);
    }

    /// <summary>The histogram as one line, for messages.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count} observations, sum {Sum}, {Buckets.Count} buckets");
}
