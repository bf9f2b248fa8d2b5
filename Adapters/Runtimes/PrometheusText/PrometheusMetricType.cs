namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>Type of a metric family as its TYPE line declares it.</summary>
public enum PrometheusMetricType
{
    /// <summary>No TYPE line, or <c>untyped</c> or <c>unknown</c>.</summary>
    Unknown = 0,

    /// <summary>A value that only rises, until its process restarts.</summary>
    Counter,

    /// <summary>A value that rises and falls.</summary>
    Gauge,

    /// <summary>Cumulative buckets with sum and count.</summary>
    Histogram,

    /// <summary>OpenMetrics: buckets that may fall.</summary>
    GaugeHistogram,

    /// <summary>Quantiles with sum and count.</summary>
    Summary,

    /// <summary>OpenMetrics: text in labels, value 1.</summary>
    Info,

    /// <summary>OpenMetrics: named booleans.</summary>
    StateSet,
}
