using System.Globalization;
using System.Text;
using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Cli.Agent.Metrics;

/// <summary>Writes a metrics page in Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).</summary>
internal sealed class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>A gauge with one sample.</summary>
    public MetricsText Gauge(string name, string help, double value, params IReadOnlyList<KeyValuePair<string, string>> labels)
    {
        Head(name, help, "gauge");
        Sample(name, labels, value);
        return this;
    }

    /// <summary>Metrics of another page, as they stand there but for one label more. One that they have by that name already is set aside as Prometheus does.</summary>
    public MetricsText Families(IEnumerable<PrometheusFamily> families, string label, string labelValue)
    {
        foreach (var family in families)
        {
            Head(family.Name, family.Help, family.Type switch { PrometheusMetricType.Counter => "counter", PrometheusMetricType.Gauge => "gauge", _ => "untyped" });
            foreach (var sample in family.Samples)
                Sample(sample.Name, [.. sample.Labels.Select(l => l.Key == label ? new($"exported_{label}", l.Value) : l), new(label, labelValue)], sample.Value);
        }
        return this;
    }

    public override string ToString() => _text.ToString();

    private void Head(string name, string? help, string type)
    {
        if (!string.IsNullOrEmpty(help)) _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private void Sample(string name, IReadOnlyList<KeyValuePair<string, string>> labels, double value)
    {
        _text.Append(name).Append('{');
        foreach (var (i, (key, text)) in labels.Index())
            _text.Append(i == 0 ? "" : ",").Append(key).Append("=\"").Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        _text.Append("} ").Append(value switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString("R", CultureInfo.InvariantCulture),
        }).Append('\n');
    }
}
