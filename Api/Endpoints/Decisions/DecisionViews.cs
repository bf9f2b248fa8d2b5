using InferMesh.Api.Decisions;
using InferMesh.Api.Endpoints.Routing;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Decisions;

/// <summary>Recent decisions.</summary>
internal sealed record DecisionListView
{
    /// <summary>Decisions that this API has asked for since its start, those that are not kept included.</summary>
    public long Seen { get; init; }

    /// <summary>Those that are kept and asked for, newest first.</summary>
    public required IReadOnlyList<DecisionItem> Items { get; init; }
}

/// <summary>A recent decision in a list.</summary>
internal sealed record DecisionItem
{
    /// <summary>Id.</summary>
    public required string Id { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>By which way it was asked for: ingress, rest or grpc.</summary>
    public DecisionSource Source { get; init; }

    /// <summary>What became of the request.</summary>
    public RouteStatus Status { get; init; }

    /// <summary>Model.</summary>
    public required string Model { get; init; }

    /// <summary>Tenant; absent when none.</summary>
    public string? Tenant { get; init; }

    /// <summary>First target; absent when there is none.</summary>
    public string? NodeId { get; init; }

    /// <summary>Expected seconds there, all terms together; absent when there is none.</summary>
    public double? TotalSeconds { get; init; }

    /// <summary>Strategy that ranked; absent when none did.</summary>
    public string? Strategy { get; init; }

    /// <summary>Experiment that the request takes part in; absent when none.</summary>
    public string? Experiment { get; init; }

    /// <summary>Arm of the experiment; absent when none.</summary>
    public string? Arm { get; init; }

    /// <summary>Targets of the model.</summary>
    public int Considered { get; init; }

    /// <summary>Targets left after filtering.</summary>
    public int Eligible { get; init; }

    /// <summary>How the request ended; absent while it runs, or when nobody said.</summary>
    public OutcomeView? Outcome { get; init; }

    public static DecisionItem Of(RecentDecision recent) => new()
    {
        Id = recent.Decision.DecisionId,
        At = recent.At,
        Source = recent.Source,
        Status = recent.Decision.Status,
        Model = recent.Query.Model,
        Tenant = Views.Known(recent.Query.Tenant),
        NodeId = recent.Decision.Targets is [var first, ..] ? first.NodeId : null,
        TotalSeconds = recent.Decision.Targets is [var best, ..] ? Views.Known(best.Cost.Total) : null,
        Strategy = Views.Known(recent.Decision.Strategy),
        Experiment = Views.Known(recent.Decision.Experiment),
        Arm = Views.Known(recent.Decision.Arm),
        Considered = recent.Decision.Considered,
        Eligible = recent.Decision.Eligible,
        Outcome = OutcomeView.Of(recent.Outcome),
    };
}

/// <summary>How a routed request ended.</summary>
internal sealed record OutcomeView
{
    /// <summary>How.</summary>
    public OutcomeStatus Status { get; init; }

    /// <summary>Node that answered; absent when none did.</summary>
    public string? NodeId { get; init; }

    /// <summary>Milliseconds from sending the request to the node to its first token; absent when unknown.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Milliseconds to its last token; absent when unknown.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>Output tokens; absent when unknown.</summary>
    public int? OutputTokens { get; init; }

    public static OutcomeView? Of(RouteOutcome? outcome) => outcome is null ? null : new()
    {
        Status = outcome.Status,
        NodeId = Views.Known(outcome.NodeId),
        TtftMs = Views.Known(outcome.TtftMs),
        LatencyMs = Views.Known(outcome.LatencyMs),
        OutputTokens = outcome.OutputTokens,
    };
}

/// <summary>What was asked: what <c>route:dryRun</c> takes, as far as it is known.</summary>
internal sealed record AskedView
{
    /// <summary>Model.</summary>
    public required string Model { get; init; }

    /// <summary>Caller's id of the request; absent when none.</summary>
    public string? RequestId { get; init; }

    /// <summary>Tenant; absent when none.</summary>
    public string? Tenant { get; init; }

    /// <summary>SLO class; absent when none.</summary>
    public string? SloClass { get; init; }

    /// <summary>Prompt tokens.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Expected output tokens; 0 when unknown.</summary>
    public int OutputTokens { get; init; }

    /// <summary>Bytes to send.</summary>
    public long PayloadBytes { get; init; }

    /// <summary>Zone where the request entered; absent when unknown.</summary>
    public string? OriginZone { get; init; }

    /// <summary>Region where the request entered; absent when unknown.</summary>
    public string? OriginRegion { get; init; }

    /// <summary>Endpoint by which it came; absent when it named the model itself.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Nodes that had to be left out.</summary>
    public required IReadOnlyList<string> ExcludedNodes { get; init; }

    public static AskedView Of(RouteQuery query) => new()
    {
        Model = query.Model,
        RequestId = Views.Known(query.RequestId),
        Tenant = Views.Known(query.Tenant),
        SloClass = Views.Known(query.SloClass),
        PromptTokens = query.PromptTokens,
        OutputTokens = query.OutputTokens,
        PayloadBytes = query.PayloadBytes,
        OriginZone = Views.Known(query.OriginZone),
        OriginRegion = Views.Known(query.OriginRegion),
        Endpoint = Views.Known(query.Endpoint),
        ExcludedNodes = query.ExcludedNodes,
    };
}

/// <summary>A recent decision with all that is known of it.</summary>
internal sealed record RecentDecisionView
{
    /// <summary>When it was made.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>By which way it was asked for: ingress, rest or grpc.</summary>
    public DecisionSource Source { get; init; }

    /// <summary>What was asked.</summary>
    public required AskedView Request { get; init; }

    /// <summary>The decision with its reasons.</summary>
    public required DecisionView Decision { get; init; }

    /// <summary>How the request ended; absent while it runs, or when nobody said.</summary>
    public OutcomeView? Outcome { get; init; }

    public static RecentDecisionView Of(RecentDecision recent) => new()
    {
        At = recent.At,
        Source = recent.Source,
        Request = AskedView.Of(recent.Query),
        Decision = DecisionView.Of(recent.Decision),
        Outcome = OutcomeView.Of(recent.Outcome),
    };
}
