using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes;

/// <summary>Latencies of what finished between two reads, from the difference of two histograms.</summary>
/// <param name="MeanSeconds">Exact mean, in seconds; NaN when the runtime gives no sum.</param>
/// <param name="P50Seconds">Median in seconds, interpolated inside its bucket.</param>
/// <param name="P95Seconds">95th percentile in seconds, interpolated inside its bucket.</param>
/// <param name="P99Seconds">99th percentile in seconds, interpolated inside its bucket.</param>
/// <param name="Count">Observations in the window; never 0.</param>
public sealed record LatencyWindow(double MeanSeconds, double P50Seconds, double P95Seconds, double P99Seconds, long Count)
{
    /// <summary>The window of a histogram difference, or null when nothing was observed in it.</summary>
    internal static LatencyWindow? From(PrometheusHistogram window) => window.Count > 0
        ? new(window.Mean, window.Quantile(0.50), window.Quantile(0.95), window.Quantile(0.99), (long)window.Count)
        : null;
}
