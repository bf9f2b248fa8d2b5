using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes;

/// <summary>Latencies of what finished between two reads, from the difference of two histograms, or of two counters where a runtime has no more.</summary>
/// <param name="MeanSeconds">Exact mean, in seconds; NaN when the runtime gives no sum.</param>
/// <param name="P50Seconds">Median in seconds, interpolated inside its bucket; NaN without buckets.</param>
/// <param name="P95Seconds">95th percentile in seconds, interpolated inside its bucket; NaN without buckets.</param>
/// <param name="P99Seconds">99th percentile in seconds, interpolated inside its bucket; NaN without buckets.</param>
/// <param name="Count">Observations in the window; never 0.</param>
public sealed record LatencyWindow(double MeanSeconds, double P50Seconds, double P95Seconds, double P99Seconds, long Count)
{
    /// <summary>The window of a histogram difference, or null when nothing was observed in it.</summary>
    /// <param name="window">The difference.</param>
    /// <param name="secondsPerUnit">Seconds in one unit of the histogram.</param>
    internal static LatencyWindow? From(PrometheusHistogram window, double secondsPerUnit = 1) => window.Count > 0
        ? new(window.Mean * secondsPerUnit, window.Quantile(0.50) * secondsPerUnit, window.Quantile(0.95) * secondsPerUnit, window.Quantile(0.99) * secondsPerUnit, (long)window.Count)
        : null;

    /// <summary>The window of a runtime that only sums up, or null when nothing was observed in it.</summary>
    /// <param name="seconds">Sum of the latencies in the window.</param>
    /// <param name="count">Observations in the window.</param>
    internal static LatencyWindow? FromSum(double seconds, double count) => count >= 1
        ? new(seconds / count, double.NaN, double.NaN, double.NaN, (long)count)
        : null;
}
