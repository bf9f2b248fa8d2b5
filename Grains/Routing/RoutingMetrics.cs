using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>Decisions, tables and reservations of one silo.</summary>
internal static class RoutingMetrics
{
    private const string Name = "InferMesh.Routing";
    private static readonly Meter Meter = new(Name);
    private static readonly ActivitySource Activities = new(Name);
    private static readonly Counter<long> Decisions = Meter.CreateCounter<long>("infermesh.routing.decisions", "{decision}", "Decisions by outcome and strategy.");
    private static readonly Counter<long> CompileErrors = Meter.CreateCounter<long>("infermesh.routing.policy_compile_errors", "{policy}", "Policy versions that did not compile.");
    private static readonly ConcurrentDictionary<(string, long), bool> Seen = new();

    public static readonly Counter<long> TablesBuilt = Meter.CreateCounter<long>("infermesh.routing.tables", "{table}", "Routing tables built.");
    public static readonly Counter<long> RefreshErrors = Meter.CreateCounter<long>("infermesh.routing.refresh_errors", "{error}", "Failed long polls of the table refresher.");
    public static readonly UpDownCounter<long> OpenReservations = Meter.CreateUpDownCounter<long>("infermesh.routing.reservations_open", "{reservation}", "Reservations that are neither settled nor expired.");
    public static readonly Counter<long> ExpiredReservations = Meter.CreateCounter<long>("infermesh.routing.reservations_expired", "{reservation}", "Reservations that nobody settled.");
    public static readonly Counter<long> Outcomes = Meter.CreateCounter<long>("infermesh.routing.outcomes", "{request}", "Outcomes reported, by status.");
    public static readonly Counter<long> LostOutcomes = Meter.CreateCounter<long>("infermesh.routing.lost_outcomes", "{request}", "Outcomes that did not reach the silo of their reservation; the lease ends it.");

    public static readonly Histogram<double> SignalAge = Meter.CreateHistogram<double>(
        "infermesh.routing.signal_age", "s", "Age of the readings in the routing table, of every target once a second.",
        advice: new() { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 10, 30] });

    public static readonly UpDownCounter<long> Queued = Meter.CreateUpDownCounter<long>("infermesh.routing.queued", "{request}", "Requests that wait because all targets are full.");
    public static readonly Counter<long> QueueRefusals = Meter.CreateCounter<long>("infermesh.routing.queue_refusals", "{request}", "Requests that could not wait (any longer), by reason.");

    public static void Decided(RouteDecision decision, bool dryRun) => Decisions.Add(
        1, new("outcome", decision.Status.ToString()), new("strategy", decision.Strategy), new("dry_run", dryRun));

    /// <summary>The decision in the trace of its request; null when that is not traced.</summary>
    public static Activity? Trace(RouteQuery query) =>
        query.TraceParent.Length > 0 ? Activities.StartActivity("route", ActivityKind.Internal, query.TraceParent)?.SetTag("gen_ai.request.model", query.Model) : null;

    /// <summary>Counts a version that did not compile; true the first time.</summary>
    public static bool CountOnce(string policy, long version)
    {
        if (!Seen.TryAdd((policy, version), true)) return false;
        CompileErrors.Add(1);
        return true;
    }
}
