using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Grains.Tenancy;

/// <summary>Budgets as one silo sees them.</summary>
internal static class TenancyMetrics
{
    private static readonly Meter Meter = new("InferMesh.Tenancy");
    private static readonly Counter<long> Verdicts = Meter.CreateCounter<long>("infermesh.tenancy.verdicts", "{request}", "Requests of limited tenants by verdict and, when refused, limit.");

    public static readonly Counter<long> Exchanges = Meter.CreateCounter<long>("infermesh.tenancy.exchanges", "{call}", "Exchanges with the grains of tenants.");
    public static readonly Counter<long> FailedExchanges = Meter.CreateCounter<long>("infermesh.tenancy.failed_exchanges", "{call}", "Exchanges that failed and are repeated.");
    public static readonly Counter<long> Expired = Meter.CreateCounter<long>("infermesh.tenancy.reservations_expired", "{reservation}", "Reservations that nobody settled; their estimate was counted.");
    public static readonly Counter<long> Orphans = Meter.CreateCounter<long>("infermesh.tenancy.orphans_charged", "{reservation}", "Reservations of silos that are gone, charged by another one.");

    public static void Decided(TenantVerdict verdict) =>
        Verdicts.Add(1, new("status", verdict.Status.ToString()), new("limit", verdict.Limit?.Kind.ToString() ?? ""), new("scope", verdict.Limit?.Scope.ToString() ?? ""));
}
