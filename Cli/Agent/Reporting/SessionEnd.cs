namespace InferMesh.Cli.Agent.Reporting;

/// <summary>How a stream ended.</summary>
/// <param name="Reason">Why, for a log.</param>
/// <param name="WasAcknowledged">Whether the other end ever answered a report.</param>
internal sealed record SessionEnd(string Reason, bool WasAcknowledged);
