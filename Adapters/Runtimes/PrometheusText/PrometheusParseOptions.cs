namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>Limits for pages of targets that are not trusted to be small or well formed.</summary>
public sealed record PrometheusParseOptions
{
    /// <summary>The defaults: generous for a real runtime, small against memory.</summary>
    public static PrometheusParseOptions Default { get; } = new();

    /// <summary>Bytes that are read of a page. Default 16 MiB; the rest is cut off and reported.</summary>
    public int MaxPageBytes { get; init; } = 16 << 20;

    /// <summary>Samples that are kept of a page. Default 200,000.</summary>
    public int MaxSamples { get; init; } = 200_000;

    /// <summary>Characters of one line. Default 64 Ki; longer lines are errors.</summary>
    public int MaxLineLength { get; init; } = 64 << 10;

    /// <summary>Labels of one sample. Default 128.</summary>
    public int MaxLabels { get; init; } = 128;

    /// <summary>Errors that are kept with their text. Default 100; further ones are counted only.</summary>
    public int MaxErrors { get; init; } = 100;

    /// <summary>
    /// False when the transport broke off. A last line without a line feed is then dropped: <c>12</c> may be the start of <c>1234</c>.
    /// Default true, since some exporters end a whole page without a line feed.
    /// </summary>
    public bool Complete { get; init; } = true;

    /// <summary>Whether timestamps are OpenMetrics seconds. Null (default) takes a page that ends in <c># EOF</c> for OpenMetrics.</summary>
    public bool? OpenMetrics { get; init; }
}
