namespace InferMesh.Simulator.ReferenceBugs;

/// <summary>What the original would print, and what it leaves out.</summary>
/// <param name="Arrived">Requests that arrived.</param>
/// <param name="LatencyMs">Latencies of the completed requests in whole milliseconds, sorted.</param>
/// <param name="Dropped">Requests that were dropped without a word.</param>
public sealed record ReferenceBugsResult(long Arrived, IReadOnlyList<double> LatencyMs, long Dropped)
{
    /// <summary>Requests that completed.</summary>
    public long Completed => LatencyMs.Count;

    /// <summary>A percentile of the completed, milliseconds; 0 without any.</summary>
    /// <param name="share">0 to 1.</param>
    public double Percentile(double share) => LatencyMs.Count == 0 ? 0 : LatencyMs[Math.Clamp((int)Math.Ceiling(share * LatencyMs.Count) - 1, 0, LatencyMs.Count - 1)];
}
