namespace InferMesh.Strategies.Admission;

/// <summary>
/// Tokens of service that each tenant has had lately: a token counts half after the half-life, so that what was served long ago is forgiven (least attained service, which
/// Autellix, Luo et al. 2025, gives to programs). Thread-safe.
/// </summary>
public sealed class ServiceAccount
{
    // An output token takes a step of the whole batch, a prompt token a part of one: the ratio that fair schedulers and price lists use.
    private const double OutputWeight = 2;
    private const double HalfLifeSeconds = 60;

    // Beyond it, those with the least service are forgotten.
    private const int MaxTenants = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (double Tokens, long AtTicks)> _tenants = new(StringComparer.Ordinal);

    /// <summary>Service of a request: a prompt token counts once, an output token twice.</summary>
    public static double Cost(double promptTokens, double outputTokens) => promptTokens + OutputWeight * outputTokens;

    /// <summary>The tenant is served; what was estimated too high is given back with a negative amount.</summary>
    /// <param name="tenant">Tenant; "" is one like any other.</param>
    /// <param name="tokens">See <see cref="Cost"/>.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    public void Charge(string tenant, double tokens, long nowTicks)
    {
        lock (_gate)
        {
            if (_tenants.Count >= MaxTenants && !_tenants.ContainsKey(tenant)) Forget(nowTicks);
            var left = _tenants.TryGetValue(tenant, out var held) ? Decayed(held, nowTicks) : 0;
            _tenants[tenant] = (Math.Max(0, left + tokens), Math.Max(nowTicks, held.AtTicks));
        }
    }

    /// <summary>Service that still counts.</summary>
    public double Of(string tenant, long nowTicks)
    {
        lock (_gate) return _tenants.TryGetValue(tenant, out var held) ? Decayed(held, nowTicks) : 0;
    }

    private void Forget(long nowTicks)
    {
        foreach (var tenant in _tenants.OrderBy(t => Decayed(t.Value, nowTicks)).Take(MaxTenants / 2).Select(t => t.Key).ToArray()) _tenants.Remove(tenant);
    }

    private static double Decayed((double Tokens, long AtTicks) held, long nowTicks) =>
        held.Tokens * double.Exp2(-Math.Max(0, nowTicks - held.AtTicks) / (double)TimeSpan.TicksPerSecond / HalfLifeSeconds);
}
