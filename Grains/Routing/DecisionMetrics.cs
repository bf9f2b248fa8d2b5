using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>How good decisions are, as one silo sees it.</summary>
internal static class DecisionMetrics
{
    private static readonly Meter Meter = new("InferMesh.Decisions");
    private static readonly ConcurrentDictionary<string, double> Herds = new(StringComparer.Ordinal);
    private static readonly Counter<long> Sampled = Meter.CreateCounter<long>("infermesh.decision.sampled", "{decision}", "Decisions that were looked at more closely.");
    private static readonly Counter<long> Candidates = Meter.CreateCounter<long>("infermesh.decision.candidates", "{target}", "Targets that sampled decisions had, by why they were ruled out; reason none for those that were not.");
    private static readonly Counter<long> Shadowed = Meter.CreateCounter<long>("infermesh.decision.shadow", "{decision}", "Sampled decisions by whether the shadow strategy would have picked the same target, and by whose pick is better.");

    public static readonly Counter<long> ShadowSkipped = Meter.CreateCounter<long>("infermesh.decision.shadow_skipped", "{decision}", "Sampled decisions that no shadow strategy was asked about, since others were not done, or it or the plugin that was to decide failed.");

    private static readonly Histogram<double> Regret = Meter.CreateHistogram<double>(
        "infermesh.decision.regret", "s", "Expected seconds that the live pick of sampled decisions costs beyond the shadow strategy's, 0 when it costs less.",
        advice: new() { HistogramBucketBoundaries = [0, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly Histogram<double> Gain = Meter.CreateHistogram<double>(
        "infermesh.decision.gain", "s", "Expected seconds that the live pick of sampled decisions saves over the shadow strategy's, 0 when it saves none.",
        advice: new() { HistogramBucketBoundaries = [0, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly Histogram<double> PredictionError = Meter.CreateHistogram<double>(
        "infermesh.decision.ttft_error", "s", "How far the expected time to the first token was off, either way.",
        advice: new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });

    private static readonly Histogram<double> PredictionRatio = Meter.CreateHistogram<double>(
        "infermesh.decision.ttft_ratio", "{ratio}", "Time to the first token as it was over what was expected: 1 is exact, above it was slower.",
        advice: new() { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2, 3, 5, 10, 30] });

    static DecisionMetrics() => Meter.CreateObservableGauge(
        "infermesh.decision.herd_index", static () => Herds.Select(static h => new Measurement<double>(h.Value, new KeyValuePair<string, object?>("model", h.Key))), "{ratio}",
        "How much the requests of the last ten seconds huddled on few targets of a model: 1 as dice fall, the number of targets when one got all.");

    public static void Looked(Decision decision)
    {
        Sampled.Add(1);
        if (decision.Eligible > 0) Candidates.Add(decision.Eligible, new KeyValuePair<string, object?>("reason", "none"));
        foreach (var group in decision.Excluded.GroupBy(static e => e.Reason)) Candidates.Add(group.Count(), new KeyValuePair<string, object?>("reason", RouteMapping.NameOf(group.Key)));
    }

    public static void Compared(string live, string shadow, bool same, double regretSeconds)
    {
        var tags = new TagList { { "strategy", live }, { "shadow", shadow } };
        Regret.Record(Math.Max(0, regretSeconds), tags);
        Gain.Record(Math.Max(0, -regretSeconds), tags);
        tags.Add("same", same);
        tags.Add("better", regretSeconds switch { > 0 => "shadow", < 0 => "live", _ => "neither" });
        Shadowed.Add(1, tags);
    }

    public static void Predicted(string strategy, double expectedSeconds, double seconds)
    {
        var tag = new KeyValuePair<string, object?>("strategy", strategy);
        PredictionError.Record(Math.Abs(seconds - expectedSeconds), tag);
        if (expectedSeconds > 0) PredictionRatio.Record(seconds / expectedSeconds, tag);
    }

    /// <summary>Takes the herd indices of the models that had requests; the others have none.</summary>
    public static void Herded(IReadOnlyDictionary<string, double> byModel)
    {
        foreach (var (model, index) in byModel) Herds[model] = index;
        foreach (var gone in Herds.Keys.Where(m => !byModel.ContainsKey(m)).ToArray()) Herds.TryRemove(gone, out _);
    }
}
