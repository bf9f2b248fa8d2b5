namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>A metric with its metadata and all its samples.</summary>
public sealed class PrometheusFamily
{
    private readonly List<PrometheusSample> _samples = [];

    internal PrometheusFamily(string name) => Name = name;

    /// <summary>Name as in the TYPE line, or the sample's own name where there is no such line.</summary>
    public string Name { get; }

    /// <summary>Declared type.</summary>
    public PrometheusMetricType Type { get; internal set; }

    /// <summary>Text of the HELP line, unescaped; null without one.</summary>
    public string? Help { get; internal set; }

    /// <summary>Text of the UNIT line, OpenMetrics only; null without one.</summary>
    public string? Unit { get; internal set; }

    /// <summary>Samples in the order of the page.</summary>
    public IReadOnlyList<PrometheusSample> Samples => _samples;

    internal bool TypeDeclared { get; set; }

    internal void Add(PrometheusSample sample) => _samples.Add(sample);
}
