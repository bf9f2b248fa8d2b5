using System.Diagnostics.Metrics;

namespace InferMesh.Strategies.Hosting;

/// <summary>How plugins do, as one process sees it.</summary>
internal static class PluginMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "InferMesh.Plugins";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "infermesh.plugin.duration", "s", "Time of a call of a strategy plugin, its data there and back included, by plugin and call.",
        advice: new() { HistogramBucketBoundaries = [5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1, 5] });

    private static readonly Counter<long> Timeouts = Meter.CreateCounter<long>("infermesh.plugin.timeouts", "{call}", "Calls of strategy plugins that took longer than their deadline or all their instructions.");
    private static readonly Counter<long> Traps = Meter.CreateCounter<long>("infermesh.plugin.traps", "{call}", "Calls of strategy plugins that ended in a trap or an exception.");
    private static readonly Counter<long> Fallbacks = Meter.CreateCounter<long>("infermesh.plugin.fallbacks", "{call}", "Calls that the fallback answered in place of a strategy plugin, by plugin and reason.");
    private static readonly Counter<long> Openings = Meter.CreateCounter<long>("infermesh.plugin.breaker_openings", "{opening}", "Times that a strategy plugin was left alone because too many of its calls failed.");
    private static readonly UpDownCounter<long> Instances = Meter.CreateUpDownCounter<long>("infermesh.plugin.instances", "{instance}", "Instances of WASM plugins.");

    public static void Called(string plugin, string call, TimeSpan elapsed) => Duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("plugin", plugin), new KeyValuePair<string, object?>("call", call));

    public static void FellBack(string plugin, PluginFailure failure)
    {
        var tag = new KeyValuePair<string, object?>("plugin", plugin);
        if (failure is PluginFailure.Timeout or PluginFailure.OutOfFuel) Timeouts.Add(1, tag);
        if (failure is PluginFailure.Trap or PluginFailure.Exception) Traps.Add(1, tag);
        Fallbacks.Add(1, tag, new KeyValuePair<string, object?>("reason", PluginFailures.Name(failure)));
    }

    public static void Opened(string plugin) => Openings.Add(1, new KeyValuePair<string, object?>("plugin", plugin));

    public static void InstancesChanged(string plugin, int by) => Instances.Add(by, new KeyValuePair<string, object?>("plugin", plugin));
}
