using System.ComponentModel.DataAnnotations;

namespace InferMesh.ServiceDefaults.Telemetry;

/// <summary>Section <c>InferMesh:Telemetry</c>: how much a process may say of itself. What exceeds a limit is counted in one series of its own, never dropped silently.</summary>
public sealed class TelemetrySettings
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "InferMesh:Telemetry";

    /// <summary>Most series of one metric; further ones are one with <c>otel_metric_overflow="true"</c>. 10 to 100,000; 1,000 by default.</summary>
    [Range(10, 100_000)]
    public int SeriesPerMetric { get; set; } = 1000;

    /// <summary>The same for the gauges of nodes, GPUs and models that a silo shows. 10 to 1,000,000; 5,000 by default.</summary>
    [Range(10, 1_000_000)]
    public int SeriesPerFleetMetric { get; set; } = 5000;

    /// <summary>Tenants, models and SLO classes that requests are told apart by, each, of those that the mesh knows; further ones are <c>other</c>. 1 to 10,000; 100 by default.</summary>
    [Range(1, 10_000)]
    public int LabelValues { get; set; } = 100;
}
