using System.Diagnostics.Metrics;

namespace InferMesh.Grains.Plugins;

/// <summary>How a silo comes by the plugins that policies name; how those do is told by their host.</summary>
internal static class SiloPluginMetrics
{
    private static readonly Meter Meter = new("InferMesh.Plugins");

    public static readonly UpDownCounter<int> Loaded = Meter.CreateUpDownCounter<int>("infermesh.plugin.loaded", "{plugin}", "Versions of strategy plugins that this silo has loaded.");
    public static readonly UpDownCounter<int> OnFallback = Meter.CreateUpDownCounter<int>("infermesh.plugin.policies_on_fallback", "{policy}", "Policies and endpoints in force whose strategy plugin this silo does not have, or whose parameters it does not take: their fallbacks serve.");
    public static readonly Counter<long> LoadFailures = Meter.CreateCounter<long>("infermesh.plugin.load_failures", "{load}", "Attempts to load a strategy plugin that failed, by plugin.");
}
