using System.IO.Hashing;
using System.Runtime.InteropServices;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>Decides, and reserves, from this silo's table. Thread-safe.</summary>
internal sealed class Router(RoutingTableCache cache, ReservationLedger ledger, ILocalSiloDetails silo, TimeProvider time)
{
    private const int MaxText = 256;
    private const int MaxPrefixBlocks = 2048;

    /// <summary>What this silo knows.</summary>
    public RouterStatus Status
    {
        get
        {
            var view = cache.Current;
            return new(silo.SiloAddress.ToString(), view.Table.Version, view.Table.Models.Count, view.Nodes, view.ReadyNodes, view.Table.Policies.Count, ledger.Open);
        }
    }

    /// <summary>What holds for a query now.</summary>
    public EffectivePolicy Policy(RouteQuery query) => cache.Current.Table.Policies.Resolve(query.Model, query.Tenant, query.SloClass, query.Endpoint);

    /// <summary>Which of these nodes cannot answer for the model any more.</summary>
    public IReadOnlyList<string> LostNodes(string model, IReadOnlyList<string> nodeIds)
    {
        var table = cache.Current.Table;
        // A silo that has just started knows of nobody yet.
        if (table.Version == 0) return [];
        if (!table.Models.TryGetValue(model, out var targets)) return nodeIds;
        var lost = nodeIds.ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < targets.Count; i++)
        {
            if (targets.Standing[i] is not (FilterReason.NodeOffline or FilterReason.RuntimeUnhealthy)) lost.Remove(targets.Identity[i].NodeId);
        }
        return [.. lost];
    }

    /// <summary>An answer without a decision behind it.</summary>
    public RouteDecision Refusal(RouteStatus status) => new() { Status = status, DecisionId = ledger.NewId(), Silo = silo.SiloAddress.ToString() };

    /// <summary>Decides; without <paramref name="dryRun"/> a routed request has its place reserved.</summary>
    public RouteDecision Decide(RouteQuery query, bool dryRun)
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
        if (q.Session.Length > MaxText) errors.Add(new("session", $"must have at most {MaxText} characters."));
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
