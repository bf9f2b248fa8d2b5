using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Grains.Tenancy;

/// <summary>An amount reserved on a meter.</summary>
/// <param name="Meter">Meter.</param>
/// <param name="Window">Window in which it was reserved, and counts.</param>
/// <param name="Amount">Units.</param>
internal readonly record struct ReservedAmount(MeterLease Meter, long Window, long Amount);

/// <summary>What one request holds of a tenant.</summary>
/// <param name="share">The silo's share in the tenant.</param>
/// <param name="plan">Limits and prices under which it was let in.</param>
/// <param name="request">The request.</param>
/// <param name="amounts">What it reserved.</param>
internal sealed class TenantReservation(TenantShare share, TenantPlan plan, TenantRequest request, ReservedAmount[] amounts)
{
    public TenantShare Share { get; } = share;

    public TenantRequest Request { get; } = request;

    /// <summary>When it ends by itself, ticks of UTC.</summary>
    public long ExpiresAtTicks { get; set; }

    private bool _settled;

    /// <summary>Gives back what was reserved and counts what was used: once, under the lock of the share. True when other silos may wait for what is free now.</summary>
    public bool Settle(int promptTokens, int outputTokens)
    {
        if (_settled) return false;
        _settled = true;
        var scarce = false;
        foreach (var (meter, window, amount) in amounts)
        {
            meter.Settle(window, amount, plan.Amount(meter.Key.Kind, Request.Model, promptTokens, outputTokens));
            scarce |= meter.IsScarce;
        }
        return scarce;
    }
}
