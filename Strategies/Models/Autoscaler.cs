namespace InferMesh.Strategies.Models;

/// <summary>How many replicas a model may have, and how busy they should be.</summary>
/// <param name="MinReplicas">Least, from 0.</param>
/// <param name="MaxReplicas">Most.</param>
/// <param name="TargetLoad">Requests in and before the batch over its places, above 0 to 1.</param>
/// <param name="TtftSloSeconds">Time to first token that 95 of 100 requests should meet, seconds; null for none.</param>
public sealed record AutoscaleRule(int MinReplicas, int MaxReplicas, double TargetLoad, double? TtftSloSeconds);

/// <summary>Load of one ready replica; NaN is unknown.</summary>
/// <param name="Running">Requests in the batch.</param>
/// <param name="Waiting">Requests waiting.</param>
/// <param name="MaxConcurrency">Places in the batch.</param>
/// <param name="TtftP95Seconds">Time to first token, 95th percentile, seconds.</param>
public readonly record struct ReplicaLoad(double Running, double Waiting, double MaxConcurrency, double TtftP95Seconds);

/// <summary>What the autoscaler wants, and since when.</summary>
/// <param name="Desired">Replicas.</param>
/// <param name="LowSince">Since when fewer would do; null when they would not.</param>
/// <param name="Load">Requests in and before the batches over their places; NaN when unknown.</param>
/// <param name="TtftP95Seconds">The worst replica's time to first token, 95th percentile, seconds; NaN when unknown.</param>
public sealed record AutoscaleState(int Desired, DateTimeOffset? LowSince, double Load, double TtftP95Seconds)
{
    /// <summary>Where a rule begins.</summary>
    /// <param name="rule">Rule.</param>
    /// <param name="replicas">Replicas that are wanted or there.</param>
    public static AutoscaleState Begin(AutoscaleRule rule, int replicas) => new(Math.Clamp(replicas, rule.MinReplicas, rule.MaxReplicas), null, double.NaN, double.NaN);
}

/// <summary>
/// Turns load into a number of replicas: as many as bring each to its target load (the rule of the Kubernetes HorizontalPodAutoscaler), one more while the first token comes too
/// late, and one fewer whenever fewer would have done for a whole window. What is unknown never takes a replica away. Pure.
/// </summary>
public static class Autoscaler
{
    /// <summary>How long fewer must do before there is one fewer.</summary>
    public static readonly TimeSpan StabilisationWindow = TimeSpan.FromMinutes(5);

    /// <param name="rule">Rule.</param>
    /// <param name="state">What was wanted before.</param>
    /// <param name="ready">Load of every replica that is ready.</param>
    /// <param name="now">Now.</param>
    public static AutoscaleState Next(AutoscaleRule rule, AutoscaleState state, IReadOnlyList<ReplicaLoad> ready, DateTimeOffset now)
    {
        var current = Math.Clamp(state.Desired, rule.MinReplicas, rule.MaxReplicas);
        var known = ready.Where(r => double.IsFinite(r.Running) && double.IsFinite(r.Waiting) && r.MaxConcurrency > 0 && double.IsFinite(r.MaxConcurrency)).ToArray();
        // What is known is the least that there is: enough to add replicas, not enough to take one away.
        var complete = ready.Count > 0 && known.Length == ready.Count;
        var batches = known.Sum(r => (r.Running + r.Waiting) / r.MaxConcurrency);
        var ttft = ready.Select(r => r.TtftP95Seconds).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
        var seen = state with { Load = complete ? batches / known.Length : double.NaN, TtftP95Seconds = ttft };

        var wanted = (int)Math.Min(Math.Ceiling(batches / rule.TargetLoad), rule.MaxReplicas);
        var late = rule.TtftSloSeconds is { } slo && ttft > slo;
        // One at a time: the next one only when the last one has come and was not enough.
        if (late && ready.Count >= current) wanted = Math.Max(wanted, current + 1);
        if (late) wanted = Math.Max(wanted, current);
        wanted = Math.Clamp(wanted, rule.MinReplicas, rule.MaxReplicas);

        if (wanted > current) return seen with { Desired = wanted, LowSince = null };
        if (wanted == current || !complete) return seen with { Desired = current, LowSince = null };
        var since = state.LowSince ?? now;
        return now - since < StabilisationWindow
            ? seen with { Desired = current, LowSince = since }
            : seen with { Desired = current - 1, LowSince = now };
    }
}
