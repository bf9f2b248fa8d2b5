using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Routing;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace InferMesh.Grains.Tenancy;

/// <summary>The tenants' ledger of one silo, reachable from the others.</summary>
[Alias("infermesh.ITenantLedgerService")]
internal interface ITenantLedgerService : IGrainService
{
    [Alias("Settle")] Task<bool> Settle(long number, int promptTokens, int outputTokens);

    [Alias("Renew")] Task Renew(long[] numbers);
}

/// <inheritdoc/>
internal sealed class TenantLedgerService(GrainId id, Silo silo, ILoggerFactory loggers, TenantLedger ledger) : GrainService(id, silo, loggers), ITenantLedgerService
{
    public Task<bool> Settle(long number, int promptTokens, int outputTokens) => ledger.SettleAsync(number, promptTokens, outputTokens);

    public Task Renew(long[] numbers)
    {
        ledger.Renew(numbers);
        return Task.CompletedTask;
    }
}

/// <summary>Finds the ledger that a reservation belongs to.</summary>
internal sealed class TenantLedgerClient(IServiceProvider services, TenantLedger ledger, ILocalSiloDetails local, ISiloStatusOracle oracle) : GrainServiceClient<ITenantLedgerService>(services)
{
    /// <summary>Settles wherever it is; the reservation of a silo that is gone went with it, and is charged here.</summary>
    public Task<bool> SettleAsync(TenantSettlement settlement)
    {
        if (!ReservationLedger.TryParse(settlement.Id, out var number, out var silo)) return Task.FromResult(false);
        if (silo!.Equals(local.SiloAddress)) return ledger.SettleAsync(number, settlement.PromptTokens, settlement.OutputTokens);
        return oracle.GetApproximateSiloStatus(silo) == SiloStatus.Active
            ? GetGrainService(silo).Settle(number, settlement.PromptTokens, settlement.OutputTokens)
            : ledger.ChargeAsync(settlement);
    }

    /// <summary>Renews wherever they are; those of silos that are gone went with them.</summary>
    public Task RenewAsync(IReadOnlyList<string> ids) => Task.WhenAll(ids
        .Select(id => ReservationLedger.TryParse(id, out var number, out var silo) ? (Silo: silo, Number: number) : default)
        .Where(r => r.Silo is not null && oracle.GetApproximateSiloStatus(r.Silo) == SiloStatus.Active)
        .GroupBy(r => r.Silo!, r => r.Number)
        .Select(group => GetGrainService(group.Key).Renew([.. group])));
}
