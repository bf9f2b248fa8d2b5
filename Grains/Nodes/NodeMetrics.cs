using System.Diagnostics.Metrics;

namespace InferMesh.Grains.Nodes;

/// <summary>Telemetry on its way into nodes.</summary>
internal static class NodeMetrics
{
    private static readonly Meter Meter = new("InferMesh.Grains");

    public static readonly Counter<long> Taken = Meter.CreateCounter<long>("infermesh.telemetry.batches", "{batch}", "Telemetry batches that nodes took.");

    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>("infermesh.telemetry.dropped", "{batch}", "Telemetry batches that nodes dropped, by reason.");

    public static readonly Histogram<double> SignalAge = Meter.CreateHistogram<double>("infermesh.telemetry.age", "s", "Age of readings when their node took them.");
}
