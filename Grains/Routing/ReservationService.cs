using InferMesh.Grains.Abstractions.Routing;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace InferMesh.Grains.Routing;

/// <summary>The ledger of one silo, reachable from the others.</summary>
[Alias("infermesh.IReservationService")]
internal interface IReservationService : IGrainService
{
    [Alias("Settle")] Task<bool> Settle(long number);

    [Alias("Report")] Task<bool> Report(long number, RouteOutcome outcome);

    [Alias("Move")] Task<bool> Move(long number, string nodeId);

    [Alias("Hedge")] Task<bool> Hedge(long number, string nodeId);

    [Alias("Renew")] Task Renew(long[] numbers);
}

/// <inheritdoc/>
internal sealed class ReservationService(GrainId id, Silo silo, ILoggerFactory loggers, ReservationLedger ledger) : GrainService(id, silo, loggers), IReservationService
{
    public Task<bool> Settle(long number) => Task.FromResult(ledger.Settle(number));

    public Task<bool> Report(long number, RouteOutcome outcome) => Task.FromResult(ledger.Settle(number, outcome));

    public Task<bool> Move(long number, string nodeId) => Task.FromResult(ledger.Move(number, nodeId));

    public Task<bool> Hedge(long number, string nodeId) => Task.FromResult(ledger.Hedge(number, nodeId));

    public Task Renew(long[] numbers)
    {
        foreach (var number in numbers) ledger.Renew(number);
        return Task.CompletedTask;
    }
}

/// <summary>Finds the ledger that a reservation belongs to.</summary>
internal sealed class ReservationClient(IServiceProvider services, ReservationLedger ledger, ILocalSiloDetails local, ISiloStatusOracle oracle)
    : GrainServiceClient<IReservationService>(services)
{
    /// <summary>Settles wherever it is; a reservation of a silo that is gone went with it and counts as settled.</summary>
    public Task<bool> ReportAsync(RouteOutcome outcome) =>
        CallAsync(outcome.DecisionId, number => ledger.Settle(number, outcome), (service, number) => service.Report(number, outcome));

    public Task<bool> MoveAsync(string id, string nodeId) => CallAsync(id, number => ledger.Move(number, nodeId), (service, number) => service.Move(number, nodeId));

    public Task<bool> HedgeAsync(string id, string nodeId) => CallAsync(id, number => ledger.Hedge(number, nodeId), (service, number) => service.Hedge(number, nodeId));

    public Task RenewAsync(IReadOnlyList<string> ids) => Task.WhenAll(ids
        .Select(static id => ReservationLedger.TryParse(id, out var number, out var silo) ? (Number: number, Silo: silo) : default)
        .Where(r => r.Silo is not null && oracle.GetApproximateSiloStatus(r.Silo) == SiloStatus.Active)
        .GroupBy(static r => r.Silo!, static r => r.Number)
        .Select(group => GetGrainService(group.Key).Renew([.. group])));

    private Task<bool> CallAsync(string id, Func<long, bool> here, Func<IReservationService, long, Task<bool>> there)
    {
        if (!ReservationLedger.TryParse(id, out var number, out var silo)) return Task.FromResult(false);
        if (silo!.Equals(local.SiloAddress)) return Task.FromResult(here(number));
        return oracle.GetApproximateSiloStatus(silo) == SiloStatus.Active ? there(GetGrainService(silo), number) : Task.FromResult(true);
    }
}
