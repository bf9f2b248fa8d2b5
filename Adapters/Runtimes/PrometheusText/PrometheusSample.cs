namespace InferMesh.Adapters.Runtimes.PrometheusText;

/// <summary>One line with a value.</summary>
/// <param name="Name">Full name of the sample, suffix such as <c>_bucket</c> included.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Value">Its value; may be NaN or infinite.</param>
/// <param name="Timestamp">When the target says that the value was taken; almost always absent.</param>
/// <param name="Exemplar">An example observation, OpenMetrics only.</param>
public sealed record PrometheusSample(string Name, PrometheusLabels Labels, double Value, DateTimeOffset? Timestamp = null, PrometheusExemplar? Exemplar = null);

/// <summary>An example observation behind a bucket or counter.</summary>
/// <param name="Labels">Usually a trace id.</param>
/// <param name="Value">The observed value.</param>
/// <param name="Timestamp">When it was observed.</param>
public sealed record PrometheusExemplar(PrometheusLabels Labels, double Value, DateTimeOffset? Timestamp);

/// <summary>A line that could not be understood; the rest of the page stands.</summary>
/// <param name="Line">Line number from 1; 0 for a fault of the page as a whole.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record PrometheusParseError(int Line, string Message);
