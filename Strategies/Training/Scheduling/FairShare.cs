namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>
/// What tenants have used, each as the integral of its dominant share (the largest of its shares of any resource: Ghodsi et al., "Dominant Resource Fairness", NSDI 2011) over time, of which
/// half is forgotten after each half-life. Not thread-safe.
/// </summary>
public sealed class FairShare
{
    private readonly Dictionary<string, double> _used = new(StringComparer.Ordinal);
    private readonly TimeSpan _halfLife;
    private DateTimeOffset _at;

    /// <param name="halfLife">After which half of a use is forgotten; above zero.</param>
    /// <param name="at">Now.</param>
    /// <param name="used">What was kept of an earlier one, in hours of the whole fleet; null for nothing.</param>
    public FairShare(TimeSpan halfLife, DateTimeOffset at, IReadOnlyDictionary<string, double>? used = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(halfLife, TimeSpan.Zero);
        (_halfLife, _at) = (halfLife, at);
        foreach (var (tenant, hours) in used ?? new Dictionary<string, double>()) _used[tenant] = hours;
    }

    /// <summary>What all have used, in hours of the whole fleet.</summary>
    public IReadOnlyDictionary<string, double> Used => _used;

    /// <summary>What a tenant has used, in hours of the whole fleet.</summary>
    public double Of(string tenant) => _used.GetValueOrDefault(tenant);

    /// <summary>Counts what tenants have had since the last call.</summary>
    /// <param name="now">Now; a clock that went back counts nothing.</param>
    /// <param name="shares">Dominant share of each tenant, 0..1.</param>
    public void Count(DateTimeOffset now, IReadOnlyDictionary<string, double> shares)
    {
        ArgumentNullException.ThrowIfNull(shares);
        var passed = now - _at;
        _at = now;
        if (passed <= TimeSpan.Zero) return;
        var kept = Math.Pow(0.5, passed / _halfLife);
        foreach (var tenant in _used.Keys.ToArray())
        {
            _used[tenant] *= kept;
            // A trillionth of the fleet for an hour decides nothing.
            if (_used[tenant] < 1e-12 && !shares.ContainsKey(tenant)) _used.Remove(tenant);
        }
        foreach (var (tenant, share) in shares) _used[tenant] = _used.GetValueOrDefault(tenant) + (share * passed.TotalHours);
    }

    /// <summary>The largest of a tenant's shares of GPUs and of their memory.</summary>
    public static double Dominant(long gpus, long allGpus, double bytes, double allBytes) => Math.Max(allGpus > 0 ? (double)gpus / allGpus : 0, allBytes > 0 ? bytes / allBytes : 0);
}
