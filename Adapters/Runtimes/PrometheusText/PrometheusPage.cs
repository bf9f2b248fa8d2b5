using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>A parsed metrics page: text format 0.0.4 or OpenMetrics 1.0.</summary>
/// <remarks>
/// Formats: https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/.
/// A malformed line is an entry in <see cref="Errors"/>, never an exception. Immutable once parsed.
/// </remarks>
public sealed class PrometheusPage
{
    private readonly Dictionary<string, PrometheusFamily> _byFamily;
    private readonly Dictionary<string, List<PrometheusSample>> _bySample = new(StringComparer.Ordinal);

    internal PrometheusPage(IReadOnlyList<PrometheusFamily> families, Dictionary<string, PrometheusFamily> byFamily)
    {
        Families = families;
        _byFamily = byFamily;
        foreach (var sample in families.SelectMany(family => family.Samples))
        {
            if (!_bySample.TryGetValue(sample.Name, out var list))
                _bySample.Add(sample.Name, list = []);
            list.Add(sample);
        }
    }

    /// <summary>All families in the order of the page.</summary>
    public IReadOnlyList<PrometheusFamily> Families { get; }

    /// <summary>What could not be understood, up to <see cref="PrometheusParseOptions.MaxErrors"/>.</summary>
    public required IReadOnlyList<PrometheusParseError> Errors { get; init; }

    /// <summary>All errors, those that were not kept included.</summary>
    public required int ErrorCount { get; init; }

    /// <summary>True when the page ends with <c># EOF</c>; timestamps are then seconds rather than milliseconds.</summary>
    public required bool IsOpenMetrics { get; init; }

    /// <summary>True when a limit or a broken transport cut the page: what is absent may only have been cut off.</summary>
    public required bool Truncated { get; init; }

    /// <summary>Parses UTF-8 text.</summary>
    /// <param name="utf8">The page.</param>
    /// <param name="options">Limits; null takes the defaults.</param>
    public static PrometheusPage Parse(ReadOnlySpan<byte> utf8, PrometheusParseOptions? options = null)
    {
        options ??= PrometheusParseOptions.Default;
        var cut = utf8.Length > options.MaxPageBytes;
        var text = Encoding.UTF8.GetString(cut ? utf8[..options.MaxPageBytes] : utf8);
        return new PrometheusParser(text, cut, options).Parse();
    }

    /// <summary>Parses text.</summary>
    /// <param name="text">The page.</param>
    /// <param name="options">Limits; null takes the defaults. The page limit counts characters here.</param>
    public static PrometheusPage Parse(string text, PrometheusParseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        options ??= PrometheusParseOptions.Default;
        var cut = text.Length > options.MaxPageBytes;
        return new PrometheusParser(cut ? text[..options.MaxPageBytes] : text, cut, options).Parse();
    }

    /// <summary>Reads a stream of UTF-8 text to its end or to the limit and parses it.</summary>
    /// <param name="stream">The page; it is not closed.</param>
    /// <param name="options">Limits; null takes the defaults.</param>
    /// <exception cref="IOException">The stream broke.</exception>
    public static PrometheusPage Parse(Stream stream, PrometheusParseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= PrometheusParseOptions.Default;
        using var buffer = new MemoryStream();
        var chunk = new byte[16 << 10];
        int read;
        while (buffer.Length <= options.MaxPageBytes && (read = stream.Read(chunk)) > 0) // one byte over the limit is enough to know
            buffer.Write(chunk, 0, read);
        return Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), options);
    }

    /// <summary>The family of this name.</summary>
    /// <param name="name">Name as in the TYPE line.</param>
    /// <param name="family">The family, when the page has it.</param>
    public bool TryGetFamily(string name, [NotNullWhen(true)] out PrometheusFamily? family) => _byFamily.TryGetValue(name, out family);

    /// <summary>All samples with exactly this name, suffix included.</summary>
    /// <param name="name">Name of the samples.</param>
    public IReadOnlyList<PrometheusSample> Samples(string name) => _bySample.TryGetValue(name, out var list) ? list : [];

    /// <summary>The samples with this name that carry all of these labels, among others.</summary>
    /// <param name="name">Name of the samples.</param>
    /// <param name="labels">Labels that must match; null matches every sample.</param>
    public IEnumerable<PrometheusSample> Samples(string name, PrometheusLabels? labels) =>
        Samples(name).Where(sample => labels is null || sample.Labels.Contains(labels));

    /// <summary>The value of the first sample with this name that carries all of these labels.</summary>
    /// <param name="name">Name of the sample, suffix included.</param>
    /// <param name="labels">Labels that must match; null matches every sample.</param>
    /// <param name="value">The value; may be NaN.</param>
    public bool TryGetValue(string name, PrometheusLabels? labels, out double value)
    {
        var sample = Samples(name, labels).FirstOrDefault();
        value = sample?.Value ?? double.NaN;
        return sample is not null;
    }

    /// <summary>The histogram of this name over all series that carry these labels, merged into one.</summary>
    /// <param name="name">Name without suffix.</param>
    /// <param name="labels">Labels that must match; null merges every series.</param>
    /// <returns>The histogram, or null when the page has no such buckets.</returns>
    public PrometheusHistogram? Histogram(string name, PrometheusLabels? labels = null) => PrometheusHistogram.From(this, name, labels);
}
