using System.Globalization;
using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Reads the values of one model from one page. Used for one reading.</summary>
/// <param name="kind">Kind of runtime, for messages.</param>
/// <param name="page">The page.</param>
/// <param name="model">Labels of the model's series; null for all series.</param>
/// <param name="windows">What the model's counters were before.</param>
/// <param name="at">Timestamp of this page.</param>
/// <param name="missing">Where reasons go.</param>
internal sealed class SeriesReader(string kind, PrometheusPage page, PrometheusLabels? model, ModelWindows windows, long at, MissingFields missing)
{
    /// <summary>A counter may serve two fields, but its window moves on only once.</summary>
    private readonly Dictionary<Series, ((double Rise, TimeSpan Window)? Rise, string? Reason)> _rises = [];

    /// <summary>The sum over engines, workers and versions.</summary>
    public int? Count(string field, Series[] series, int? otherwise = null)
    {
        if (FirstPresent(series) is not { } found)
            return otherwise ?? Missing<int>(field, Absent(series));
        var sum = Sum(found);
        return sum is >= 0 and <= int.MaxValue ? (int)Math.Round(sum) : Missing<int>(field, Odd(found, sum));
    }

    /// <summary>The same, without a word about its absence.</summary>
    public double? Amount(Series[] series) => FirstPresent(series) is { } found && Sum(found) is var sum && double.IsFinite(sum) && sum >= 0 ? sum : null;

    /// <summary>Engines have caches of one size, so the mean of their shares is the share of the whole.</summary>
    public double? Share(string field, Series[] series)
    {
        if (FirstPresent(series) is not { } found)
            return Missing<double>(field, Absent(series));
        return Share(field, found, Samples(found).Average(sample => sample.Value) * found.Scale);
    }

    public double? Share(string field, SeriesShare share)
    {
        if (FirstPresent([share.Part]) is null || FirstPresent([share.Whole]) is null)
            return Missing<double>(field, Absent([share.Part, share.Whole]));
        return Share(field, share.Part, Sum(share.Part) / Sum(share.Whole));
    }

    /// <summary>A rate that the runtime itself states.</summary>
    public double? Stated(string field, Series[] series)
    {
        var found = FirstPresent(series)!;
        var sum = Sum(found);
        return double.IsFinite(sum) && sum >= 0 ? sum : Missing<double>(field, Odd(found, sum));
    }

    public double? Rate(string field, Series[] series, out TimeSpan? window)
    {
        window = null;
        if (Rise(series, out var reason) is not { } rise)
            return Missing<double>(field, reason!);
        window = rise.Window;
        return rise.Rise / rise.Window.TotalSeconds;
    }

    public (double Rise, TimeSpan Window)? Rise(Series[] series, out string? reason)
    {
        if (FirstPresent(series) is not { } found)
        {
            reason = Absent(series);
            return null;
        }
        if (!_rises.TryGetValue(found, out var known))
        {
            var value = Sum(found);
            known = double.IsFinite(value) ? (windows.Rise(found.ToString(), value, at, out var why), why) : (null, Odd(found, value));
            _rises.Add(found, known);
        }
        reason = known.Reason;
        return known.Rise;
    }

    public LatencyWindow? Latency(string field, SeriesLatency latency)
    {
        foreach (var histogram in latency.Histograms)
        {
            if (page.Histogram(histogram.Name, LabelsOf(histogram)) is { } now)
            {
                var window = windows.Since(histogram.ToString(), now, out var reason);
                return Observed(field, window is null ? null : LatencyWindow.From(window, histogram.Scale), reason);
            }
        }
        if (latency is not { Sum: { } sum, Count: { } count })
            return MissingWindow(field, Absent(latency.Histograms));
        // Both counters move their windows on, whichever of them is fit for use.
        var time = Rise([sum], out var timeReason);
        var events = Rise([count], out var eventsReason);
        return Observed(field, time is null || events is null ? null : LatencyWindow.FromSum(time.Value.Rise, events.Value.Rise), timeReason ?? eventsReason);
    }

    public bool IsPresent(Series[] series) => FirstPresent(series) is not null;

    private LatencyWindow? Observed(string field, LatencyWindow? window, string? reason) =>
        window ?? MissingWindow(field, reason ?? "nothing was observed in the window");

    private double? Share(string field, Series series, double share)
    {
        const double Rounding = 1e-6;
        return share is >= 0 and <= 1 + Rounding ? Math.Min(share, 1) : Missing<double>(field, Odd(series, share));
    }

    private double Sum(Series series) => Samples(series).Sum(sample => sample.Value) * series.Scale;

    /// <summary>A page that was merged from others may state a series twice; that does not double it.</summary>
    private IEnumerable<PrometheusSample> Samples(Series series) => page.Samples(series.Name, LabelsOf(series)).DistinctBy(sample => sample.Labels);

    private PrometheusLabels? LabelsOf(Series series) =>
        series.Label is null ? model : new PrometheusLabels([.. model ?? PrometheusLabels.Empty, new(series.Label, series.Value!)]);

    private Series? FirstPresent(Series[] series) => Array.Find(series, one => Samples(one).Any());

    private T? Missing<T>(string field, string reason)
        where T : struct
    {
        missing.Add(field, reason);
        return null;
    }

    private LatencyWindow? MissingWindow(string field, string reason)
    {
        missing.Add(field, reason);
        return null;
    }

    private string Absent(Series[] series) => series.Length == 0 ? $"{kind} does not report it"
        : page.Truncated ? $"not on the part of the page that arrived ({series[0]})"
        : $"not on the page ({string.Join(", ", series.AsEnumerable())})";

    private static string Odd(Series series, double value) => string.Create(CultureInfo.InvariantCulture, $"{series} is {value}");
}
