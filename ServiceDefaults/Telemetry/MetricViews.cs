using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace InferMesh.ServiceDefaults.Telemetry;

/// <summary>Which metrics are shown, by what names, with which labels and how many series: a page has to be clean by Prometheus' own rules, and small.</summary>
internal static class MetricViews
{
    /// <summary>Meters whose metrics have a series per node, GPU, model or job.</summary>
    public const string FleetMeter = "InferMesh.Fleet";

    private const string Orleans = "Microsoft.Orleans";

    /// <summary>The view of an instrument.</summary>
    public static MetricStreamConfiguration Of(Instrument instrument, TelemetrySettings settings) => (instrument.Meter.Name, instrument.Name) switch
    {
        (FleetMeter, _) => new() { CardinalityLimit = settings.SeriesPerFleetMetric },
        // A histogram per runtime, each of a dozen buckets, is most of a page; the mesh has its own metrics of attempts.
        ("System.Net.Http", "http.client.request.duration") => new() { CardinalityLimit = settings.SeriesPerMetric, TagKeys = ["http.request.method", "http.response.status_code", "error.type"] },
        ("System.Net.Http", "http.client.open_connections") => new() { CardinalityLimit = settings.SeriesPerMetric, TagKeys = ["http.connection.state"] },
        ("System.Net.Http" or "System.Net.NameResolution", _) => MetricStreamConfiguration.Drop,
        // Names that end in "count" are those of histograms.
        ("System.Runtime", "dotnet.process.cpu.count") => new() { Name = "dotnet.process.cpus" },
        ("System.Runtime", "dotnet.assembly.count" or "dotnet.timer.count") => MetricStreamConfiguration.Drop,
        (Orleans, _) when IsUnfit(instrument) => MetricStreamConfiguration.Drop,
        (Orleans, _) when string.IsNullOrEmpty(instrument.Description) => new() { CardinalityLimit = settings.SeriesPerMetric, Description = $"Of Orleans: {Words(instrument.Name)["orleans ".Length..]}." },
        _ => new() { CardinalityLimit = settings.SeriesPerMetric },
    };

    /// <summary>Milliseconds and megabytes where others have seconds and bytes, labels in another spelling, and histograms per type of grain. Times of calls are in <see cref="GrainCallMetrics"/>, those of storage in the silo's own.</summary>
    private static bool IsUnfit(Instrument instrument) =>
        instrument.Unit is "ms" or "MB" || Words(instrument.Name) is var name && (name.StartsWith("orleans streams ", StringComparison.Ordinal) || name.EndsWith(" messages size", StringComparison.Ordinal));

    private static string Words(string name) => name.Replace('-', ' ').Replace('.', ' ').Replace('_', ' ');
}
