using InferMesh.Grains.Abstractions.Tenancy;
using Orleans.Concurrency;

namespace InferMesh.Grains.Tenancy;

/// <inheritdoc cref="ITenantGateGrain"/>
[GrainType("tenant-gate"), StatelessWorker, Reentrant]
internal sealed class TenantGateGrain(TenantLedger ledger, TenantLedgerClient ledgers) : Grain, ITenantGateGrain
{
    public ValueTask<TenantVerdict> Reserve(TenantRequest request) => ledger.ReserveAsync(request);

    public async ValueTask<bool> Settle(TenantSettlement settlement) => await ledgers.SettleAsync(settlement);

    public async ValueTask Renew(IReadOnlyList<string> ids) => await ledgers.RenewAsync(ids);
}
