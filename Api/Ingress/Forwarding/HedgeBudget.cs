namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>
/// How many copies of requests may be sent, over all and per tenant: each request that could be hedged earns a share of one. So hedges stay that share of requests, and what a quiet
/// hour saved is soon used up. The count is this process's own.
/// </summary>
internal sealed class HedgeBudget
{
    // What a bucket starts with, and the most that it saves.
    private const double First = 1, Most = 10;

    // Beyond it all further tenants share one bucket.
    private const int MaxTenants = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, double> _tenants = new(StringComparer.Ordinal);
    private double _all = First;

    /// <summary>A request came that could be hedged.</summary>
    /// <param name="tenant">Its tenant; "" when none.</param>
    /// <param name="share">Most hedges as a share of requests, 0..1.</param>
    public void Earn(string tenant, double share)
    {
        lock (_gate)
        {
            _all = Math.Min(Most, _all + share);
            var key = Key(tenant);
            _tenants[key] = Math.Min(Most, _tenants.GetValueOrDefault(key, First) + share);
        }
    }

    /// <summary>Takes one hedge out; false when there is none.</summary>
    public bool TryTake(string tenant)
    {
        lock (_gate)
        {
            var key = Key(tenant);
            var left = _tenants.GetValueOrDefault(key, First);
            if (_all < 1 || left < 1) return false;
            _all--;
            _tenants[key] = left - 1;
            return true;
        }
    }

    private string Key(string tenant) => _tenants.Count < MaxTenants || _tenants.ContainsKey(tenant) ? tenant : "";
}
