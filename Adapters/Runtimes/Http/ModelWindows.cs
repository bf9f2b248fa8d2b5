using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Remembers the counters and histograms of one model from read to read. Each metric has its own window, so a page that lacks one loses only that one.</summary>
internal sealed class ModelWindows(TimeProvider time)
{
    public const string FirstRead = "first read: there is no window yet";
    public const string Restarted = "the counter fell: the runtime restarted and the window starts anew";

    private readonly Dictionary<string, (double Value, long At)> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PrometheusHistogram> _histograms = new(StringComparer.Ordinal);

    /// <summary>How much a counter rose, and over what time.</summary>
    /// <returns>Null with the reason when there is no window.</returns>
    public (double Rise, TimeSpan Window)? Rise(string metric, double value, long at, out string? reason)
    {
        var known = _counters.TryGetValue(metric, out var before);
        _counters[metric] = (value, at);
        var window = known ? time.GetElapsedTime(before.At, at) : TimeSpan.Zero;
        reason = !known ? FirstRead : value < before.Value ? Restarted : window <= TimeSpan.Zero ? "no time has passed since the previous read" : null;
        return reason is null ? (value - before.Value, window) : null;
    }

    /// <summary>What a histogram observed since the previous read.</summary>
    /// <returns>Null with the reason when there is no window.</returns>
    public PrometheusHistogram? Since(string metric, PrometheusHistogram now, out string? reason)
    {
        var known = _histograms.TryGetValue(metric, out var before);
        _histograms[metric] = now;
        var window = known ? now.Since(before!) : null;
        reason = window is not null ? null : known ? Restarted : FirstRead;
        return window;
    }
}
