using System.Text;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Topology;
using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Routing;

/// <summary>The one mapping between the wire and the decision kernel.</summary>
internal static class RouteMapping
{
    private static readonly Dictionary<FilterReason, string> Reasons = Enum.GetValues<FilterReason>().ToDictionary(r => r, r => SnakeCase(r.ToString()));

    public static RoutingRequest ToRequest(RouteQuery q) => new()
    {
        Model = q.Model,
        Endpoint = q.Endpoint,
        RequestId = q.RequestId,
        Unit = q.Unit,
        Tenant = q.Tenant,
        SloClass = q.SloClass,
        PromptTokens = q.PromptTokens,
        OutputTokens = q.OutputTokens,
        PayloadBytes = q.PayloadBytes,
        Origin = new(q.OriginZone, q.OriginRegion, q.Api?.Rack ?? "", q.Api?.Node ?? "", PlaceMapping.ToPlace(q.Api)),
        MaxTargets = q.MaxTargets,
        ExcludedNodes = q.ExcludedNodes,
        Prefix = q.Prefix,
        MayQueue = q.MayQueue,
        Again = q.Again,
        Session = q.Session,
        Demand = q.Nodes.Count + q.Cells.Count + q.Zones.Count + q.Regions.Count + q.Labels.Count == 0
            ? PlacementRule.Anywhere : new(q.Nodes, q.Cells, q.Zones, q.Regions, q.Labels),
    };

    public static RouteDecision ToAnswer(Decision d, string id, bool prefixWanted, RunningArm? arm, IReadOnlyList<string> headersWanted) => new()
    {
        Status = d.Outcome switch
        {
            DecisionOutcome.Routed => RouteStatus.Routed,
            DecisionOutcome.ModelUnknown => RouteStatus.ModelUnknown,
            DecisionOutcome.NoEligibleTarget => RouteStatus.NoEligibleTarget,
            DecisionOutcome.Overloaded => RouteStatus.Overloaded,
            DecisionOutcome.QuotaExceeded => RouteStatus.QuotaExceeded,
            DecisionOutcome.Forbidden => RouteStatus.Forbidden,
            _ => throw new InvalidOperationException($"{d.Outcome} has no status."),
        },
        DecisionId = id,
        Targets = [.. d.Choices.Select(ToTarget)],
        Hedge = d.Hedge.Verdict == HedgeVerdict.Planned ? new(d.Choices[d.Hedge.Pick].Identity.NodeId, d.Hedge.Delay, d.Policy.Hedging.BudgetShare) : null,
        HedgeSuppressed = d.Hedge.Verdict == HedgeVerdict.Planned ? "" : SnakeCase(d.Hedge.Verdict.ToString()),
        RetryAfter = d.RetryAfter,
        Strategy = d.Strategy,
        TableVersion = d.TableVersion,
        Policies = d.Policy.Sources,
        PrefixWanted = prefixWanted,
        Experiment = arm?.Experiment ?? "",
        Arm = arm?.Name ?? "",
        HeadersWanted = headersWanted,
        Considered = d.Considered,
        Eligible = d.Eligible,
        Excluded = [.. d.Excluded.Select(e => new RouteExclusion(e.Identity.NodeId, e.Identity.Endpoint, Reasons[e.Reason]))],
    };

    /// <summary>Name of a reason on the wire and in metrics.</summary>
    public static string NameOf(FilterReason reason) => Reasons[reason];

    private static RouteTarget ToTarget(Choice c) => new()
    {
        NodeId = c.Identity.NodeId,
        CellId = c.Identity.CellId,
        Zone = c.Identity.Zone,
        Runtime = c.Identity.Runtime,
        Endpoint = c.Identity.Endpoint,
        GrpcEndpoint = c.Identity.GrpcEndpoint,
        Gpu = c.Identity.Gpu,
        Synthetic = c.Identity.Synthetic,
        Score = c.Score,
        Cost = new(
            c.Terms.QueueSeconds, c.Terms.PrefillSeconds, c.Terms.DecodeSeconds, c.Terms.NetworkSeconds, c.Terms.ColdStartSeconds,
            c.Terms.MoneySeconds, c.Terms.UncertaintySeconds, c.Terms.TotalSeconds, c.Terms.BalanceSeconds),
        Load = c.Load,
        LoadFactor = c.LoadFactor,
        SignalAgeSeconds = double.IsFinite(c.SignalAgeSeconds) ? c.SignalAgeSeconds : null,
    };

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }
}
