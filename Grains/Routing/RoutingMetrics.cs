using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>Decisions, tables and reservations of one silo.</summary>
internal static class RoutingMetrics
{
    private static readonly Meter Meter = new("InferMesh.Routing");
    private static readonly Counter<long> Decisions = Meter.CreateCounter<long>("infermesh.routing.decisions", "{decision}", "Decisions by outcome and strategy.");
    private static readonly Counter<long> CompileErrors = Meter.CreateCounter<long>("infermesh.routing.policy_compile_errors", "{policy}", "Policy versions that did not compile.");
    private static readonly ConcurrentDictionary<(string, long), bool> Seen = new();

    public static readonly Counter<long> TablesBuilt = Meter.CreateCounter<long>("infermesh.routing.tables", "{table}", "Routing tables built.");
    public static readonly Counter<long> RefreshErrors = Meter.CreateCounter<long>("infermesh.routing.refresh_errors", "{error}", "Failed long polls of the table refresher.");
    public static readonly Counter<long> ExpiredReservations = Meter.CreateCounter<long>("infermesh.routing.reservations_expired", "{reservation}", "Reservations that nobody settled.");
    public static readonly Counter<long> Outcomes = Meter.CreateCounter<long>("infermesh.routing.outcomes", "{request}", "Outcomes reported, by status.");

    public static void Decided(RouteDecision decision, bool dryRun) => Decisions.Add(
        1, new("outcome", decision.Status.ToString()), new("strategy", decision.Strategy), new("dry_run", dryRun));

    /// <summary>Counts a version that did not compile; true the first time.</summary>
    public static bool CountOnce(string policy, long version)
    {
        if (!Seen.TryAdd((policy, version), true)) return false;
        CompileErrors.Add(1);
        return true;
    }
}
