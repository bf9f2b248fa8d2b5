namespace InferMesh.Simulator.Engine;

/// <summary>What became of one request; a tick of -1 is a moment that did not come.</summary>
internal sealed class RequestRecord(long arrivedTicks)
{
    public long ArrivedTicks { get; } = arrivedTicks;

    public int Node { get; set; } = -1;

    public long FirstTokenTicks { get; set; } = -1;

    public long FinishedTicks { get; set; } = -1;

    public double TimeToFirstTokenSeconds => (FirstTokenTicks - ArrivedTicks) / (double)TimeSpan.TicksPerSecond;

    public double EndToEndSeconds => (FinishedTicks - ArrivedTicks) / (double)TimeSpan.TicksPerSecond;
}

/// <summary>Percentiles by nearest rank, in seconds; null without values.</summary>
/// <param name="P50">Median.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Mean">Mean.</param>
public sealed record Percentiles(double? P50, double? P95, double? P99, double? Mean)
{
    internal static Percentiles Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? new(null, null, null, null) : new(At(0.5), At(0.95), At(0.99), sorted.Average());

        double At(double q) => sorted[Math.Clamp((int)Math.Ceiling(q * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}

/// <summary>Figures of one strategy. Synthetic: a model of a fleet, no measurement of one.</summary>
/// <param name="Strategy">Its name.</param>
/// <param name="Arrived">Requests that arrived; the sum of the next three.</param>
/// <param name="Completed">Requests that were answered in full.</param>
/// <param name="Refused">Requests that admission turned away.</param>
/// <param name="Unfinished">Requests still on a node at the end.</param>
/// <param name="TtftSeconds">Time to first token of the completed.</param>
/// <param name="E2eSeconds">Time to the last token of the completed.</param>
/// <param name="BusiestOverMeanShare">Requests sent to the busiest node over those sent to the mean node.</param>
/// <param name="NodeRequests">Requests sent to each node.</param>
/// <param name="MeanHeld">Requests on the fleet, mean over the time in which requests arrive.</param>
public sealed record SimulationResult(
    string Strategy, int Arrived, int Completed, int Refused, int Unfinished, Percentiles TtftSeconds, Percentiles E2eSeconds,
    double BusiestOverMeanShare, IReadOnlyList<int> NodeRequests, double MeanHeld)
{
    /// <exception cref="InvalidOperationException">Requests were lost or invented: a bug of the simulator.</exception>
    internal static SimulationResult Of(string strategy, SimulationOptions options, IReadOnlyList<RequestRecord> records, int held, double heldSeconds)
    {
        var completed = records.Where(r => r.FinishedTicks >= 0).ToArray();
        var refused = records.Count(r => r.Node < 0);
        if (records.Count != completed.Length + refused + held)
            throw new InvalidOperationException($"{strategy}: {records.Count} requests arrived, but {completed.Length} completed, {refused} were refused and {held} are held.");
        var sent = new int[options.Nodes.Count];
        foreach (var record in records.Where(r => r.Node >= 0)) sent[record.Node]++;
        var mean = sent.Average();
        return new(
            strategy, records.Count, completed.Length, refused, held,
            Percentiles.Of(completed.Select(r => r.TimeToFirstTokenSeconds)), Percentiles.Of(completed.Select(r => r.EndToEndSeconds)),
            mean > 0 ? sent.Max() / mean : 0, sent, heldSeconds / options.Duration.TotalSeconds);
    }
}
