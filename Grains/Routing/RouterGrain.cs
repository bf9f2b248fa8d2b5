using System.IO.Hashing;
using System.Runtime.InteropServices;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;
using Orleans.Concurrency;

namespace InferMesh.Grains.Routing;

/// <inheritdoc cref="IRouterGrain"/>
[GrainType("router"), StatelessWorker, Reentrant]
internal sealed class RouterGrain(RoutingTableCache cache, ReservationLedger ledger, ReservationClient reservations, ILocalSiloDetails silo, TimeProvider time) : Grain, IRouterGrain
{
    private const int MaxText = 256;
    private const int MaxPrefixBlocks = 2048;

    public ValueTask<RouteDecision> Route(RouteQuery query) => ValueTask.FromResult(Decide(query, dryRun: false));

    public ValueTask<RouteDecision> DryRun(RouteQuery query) => ValueTask.FromResult(Decide(query, dryRun: true));

    public async ValueTask<bool> Report(RouteOutcome outcome)
    {
        var settled = await reservations.ReportAsync(outcome);
        if (settled) RoutingMetrics.Outcomes.Add(1, new KeyValuePair<string, object?>("status", outcome.Status.ToString()));
        return settled;
    }

    public async ValueTask<bool> Move(string reservationId, string nodeId) => await reservations.MoveAsync(reservationId, nodeId);

    public ValueTask<RouterStatus> Status()
    {
        var view = cache.Current;
        return ValueTask.FromResult(new RouterStatus(
            silo.SiloAddress.ToString(), view.Table.Version, view.Table.Models.Count, view.Nodes, view.ReadyNodes, view.Table.Policies.Count, ledger.Open));
    }

    private RouteDecision Decide(RouteQuery query, bool dryRun)
    {
        var answer = Check(query, dryRun) is { Count: > 0 } errors
            ? new RouteDecision { Status = RouteStatus.Invalid, Errors = errors }
            : Decide(query, RouteMapping.ToRequest(query), dryRun);
        RoutingMetrics.Decided(answer, dryRun);
        return answer with { Silo = silo.SiloAddress.ToString() };
    }

    private RouteDecision Decide(RouteQuery query, RoutingRequest request, bool dryRun)
    {
        var table = cache.Current.Table;
        var sequence = cache.Sequence(request.Model, advance: !dryRun);
        var seed = query.RequestId.Length > 0 ? XxHash3.HashToUInt64(MemoryMarshal.AsBytes(query.RequestId.AsSpan())) : sequence;
        var strategy = query.Strategy.Length > 0 ? StrategyCatalog.Create(query.Strategy) : null;
        var decision = DecisionKernel.Decide(table, request, time.GetUtcNow().UtcTicks, sequence, seed, dryRun, strategy);
        var id = !dryRun && decision.Outcome == DecisionOutcome.Routed ? ledger.Reserve(decision, request) : ledger.NewId();
        return RouteMapping.ToAnswer(decision, id, table.Policies.WantsPrefix(request.Model));
    }

    private static List<FieldError> Check(RouteQuery q, bool dryRun)
    {
        var errors = new List<FieldError>();
        if (q.Model.Length is 0 or > MaxText) errors.Add(new("model", $"must have 1 to {MaxText} characters."));
        if (q.RequestId.Length > MaxText) errors.Add(new("requestId", $"must have at most {MaxText} characters."));
        if (q.Tenant.Length > MaxText) errors.Add(new("tenant", $"must have at most {MaxText} characters."));
        if (q.PromptTokens < 0) errors.Add(new("promptTokens", "must be 0 or more."));
        if (q.OutputTokens < 0) errors.Add(new("outputTokens", "must be 0 or more."));
        if (q.PayloadBytes < 0) errors.Add(new("payloadBytes", "must be 0 or more."));
        if (q.MaxTargets is < 1 or > RoutingRequest.MaxTargetsLimit) errors.Add(new("maxTargets", $"must be 1 to {RoutingRequest.MaxTargetsLimit}."));
        if (q.Prefix.Length > MaxPrefixBlocks) errors.Add(new("prefix", $"must have at most {MaxPrefixBlocks} blocks."));
        if (q.Strategy.Length > 0)
        {
            if (!dryRun) errors.Add(new("strategy", "can be tried in a dry run only; live traffic follows the routing policy."));
            else if (StrategyCatalog.Validate(q.Strategy, null) is [var error, ..]) errors.Add(new(error.Field, error.Message));
        }
        return errors;
    }
}
