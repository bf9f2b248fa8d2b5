using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Api.Endpoints.Routing;

/// <summary>A request to be routed.</summary>
internal sealed record RouteBody
{
    /// <summary>Model. Required.</summary>
    public string? Model { get; init; }

    /// <summary>Caller's id of the request. Equal ids break ties equally.</summary>
    public string? RequestId { get; init; }

    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>SLO class.</summary>
    public string? SloClass { get; init; }

    /// <summary>Prompt tokens, 0 or more. Default 0.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Expected output tokens, 0 or more; 0 (default) means unknown.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>Bytes to send, 0 or more. Default 0.</summary>
    public long? PayloadBytes { get; init; }

    /// <summary>Zone where the request enters; by default the API's.</summary>
    public string? OriginZone { get; init; }

    /// <summary>Region where the request enters; by default the API's.</summary>
    public string? OriginRegion { get; init; }

    /// <summary>Targets wanted, 1 to 16. Default 3.</summary>
    public int? MaxTargets { get; init; }

    /// <summary>Nodes that must not be picked.</summary>
    public IReadOnlyList<string?>? ExcludedNodes { get; init; }

    /// <summary>Cells that may serve; empty allows all.</summary>
    public IReadOnlyList<string?>? Cells { get; init; }

    /// <summary>Zones that may serve; empty allows all.</summary>
    public IReadOnlyList<string?>? Zones { get; init; }

    /// <summary>Labels that a node must carry.</summary>
    public IReadOnlyDictionary<string, string?>? Labels { get; init; }

    /// <summary>Conversation that the request belongs to.</summary>
    public string? Session { get; init; }

    /// <summary>Headers by which experiments may split requests, at most 8, with values of at most 256 characters.</summary>
    public IReadOnlyDictionary<string, string?>? Headers { get; init; }

    /// <summary>Strategy to try instead of the policy's; in a dry run only.</summary>
    public string? Strategy { get; init; }

    public RouteQuery Read(BodyReader reader, ApiPlace here, bool dryRun)
    {
        reader.AtLeastZero("promptTokens", PromptTokens);
        reader.AtLeastZero("outputTokens", OutputTokens);
        if (PayloadBytes < 0) reader.Refuse("payloadBytes", "must be 0 or more.");
        if (MaxTargets is < 1 or > 16) reader.Refuse("maxTargets", "must be 1 to 16.");
        if (!dryRun && !string.IsNullOrEmpty(Strategy)) reader.Refuse("strategy", "can be tried in a dry run only; live traffic follows the routing policy.");
        return new()
        {
            Model = reader.Text("model", reader.Required("model", Model)),
            RequestId = reader.Text("requestId", RequestId),
            Tenant = reader.Text("tenant", Tenant),
            SloClass = reader.Text("sloClass", SloClass),
            PromptTokens = PromptTokens ?? 0,
            OutputTokens = OutputTokens ?? 0,
            PayloadBytes = PayloadBytes ?? 0,
            OriginZone = OriginZone is null ? here.Zone : reader.Text("originZone", OriginZone),
            OriginRegion = OriginRegion is null ? here.Region : reader.Text("originRegion", OriginRegion),
            Api = OriginZone is null && OriginRegion is null ? here : null,
            MaxTargets = MaxTargets ?? 3,
            ExcludedNodes = reader.List("excludedNodes", ExcludedNodes),
            Cells = reader.List("cells", Cells),
            Zones = reader.List("zones", Zones),
            Labels = reader.Map("labels", Labels),
            Session = reader.Text("session", Session),
            Headers = Headers is null ? null : new Dictionary<string, string>(reader.Map("headers", Headers).Select(static h => KeyValuePair.Create(h.Key.ToLowerInvariant(), h.Value)).DistinctBy(static h => h.Key)),
            Strategy = reader.Text("strategy", Strategy),
        };
    }
}

/// <summary>How a routed request ended. Strategies that learn compare its times with what they expected: what is not known is better left out.</summary>
internal sealed record OutcomeBody
{
    /// <summary>Id that the decision carried. Required.</summary>
    public string? DecisionId { get; init; }

    /// <summary>How it ended. Required.</summary>
    public OutcomeStatus? Status { get; init; }

    /// <summary>Node that answered; absent when none did.</summary>
    public string? NodeId { get; init; }

    /// <summary>Milliseconds from sending the request to the node to its first token.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Milliseconds from sending the request to the node to its last token.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>Prompt tokens.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Output tokens.</summary>
    public int? OutputTokens { get; init; }

    public RouteOutcome Read(BodyReader reader)
    {
        if (Status is null) reader.Refuse("status", $"is required: {Problems.JsonTypes.OneOf(typeof(OutcomeStatus))}.");
        return new()
        {
            DecisionId = reader.Text("decisionId", reader.Required("decisionId", DecisionId)),
            Status = Status ?? default,
            NodeId = reader.Text("nodeId", NodeId),
            TtftMs = reader.AtLeastZero("ttftMs", TtftMs),
            LatencyMs = reader.AtLeastZero("latencyMs", LatencyMs),
            PromptTokens = reader.AtLeastZero("promptTokens", PromptTokens),
            OutputTokens = reader.AtLeastZero("outputTokens", OutputTokens),
        };
    }
}
