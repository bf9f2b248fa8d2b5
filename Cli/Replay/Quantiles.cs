namespace InferMesh.Cli.Replay;

/// <summary>Exact quantiles of recorded times, in milliseconds.</summary>
/// <param name="Count">Values behind them.</param>
/// <param name="MeanMs">Mean; null without values, as the others.</param>
/// <param name="P50Ms">Median.</param>
/// <param name="P95Ms">95th percentile.</param>
/// <param name="P99Ms">99th percentile.</param>
/// <param name="MaxMs">Greatest.</param>
internal sealed record Quantiles(int Count, double? MeanMs, double? P50Ms, double? P95Ms, double? P99Ms, double? MaxMs)
{
    public static Quantiles Of(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Select(static time => time.TotalMilliseconds).ToArray();
        if (sorted.Length == 0)
            return new Quantiles(0, null, null, null, null, null);
        Array.Sort(sorted);
        return new Quantiles(
            sorted.Length, Round(sorted.Average()), At(sorted, 0.50), At(sorted, 0.95), At(sorted, 0.99), Round(sorted[^1]));
    }

    /// <summary>Nearest rank: the smallest value that at least the share <paramref name="q"/> of the values does not exceed.</summary>
    private static double At(double[] sorted, double q)
        => Round(sorted[Math.Clamp((int)Math.Ceiling(q * sorted.Length - 1e-9) - 1, 0, sorted.Length - 1)]);

    private static double Round(double milliseconds) => Math.Round(milliseconds, 3);
}
