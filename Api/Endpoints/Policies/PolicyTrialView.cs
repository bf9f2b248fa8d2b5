using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>What a policy would change.</summary>
internal sealed record PolicyTrialView
{
    /// <summary>Requests that were decided.</summary>
    public int Requests { get; init; }

    /// <summary>Those whose first target or status would be another.</summary>
    public int Changed { get; init; }

    /// <summary>Those that are refused now.</summary>
    public int RefusedNow { get; init; }

    /// <summary>Those that would be refused.</summary>
    public int RefusedThen { get; init; }

    /// <summary>Expected seconds of those that are routed both ways, as it is now; absent when there are none.</summary>
    public double? MeanSecondsNow { get; init; }

    /// <summary>Expected seconds of those that are routed both ways, as it would be; absent when there are none.</summary>
    public double? MeanSecondsThen { get; init; }

    /// <summary>First targets, by node.</summary>
    public required IReadOnlyList<TrialShareView> Nodes { get; init; }

    /// <summary>Every request.</summary>
    public required IReadOnlyList<TrialItemView> Items { get; init; }

    public static PolicyTrialView Of(IEnumerable<(RouteQuery Query, RouteTrial Trial, string Id)> trials)
    {
        TrialItemView[] items = [.. trials.Select(t => TrialItemView.Of(t.Query, t.Trial, t.Id))];
        TrialItemView[] both = [.. items.Where(i => i.Now.TotalSeconds is not null && i.Then.TotalSeconds is not null)];
        return new()
        {
            Requests = items.Length,
            Changed = items.Count(i => i.Now.Status != i.Then.Status || i.Now.NodeId != i.Then.NodeId),
            RefusedNow = items.Count(i => i.Now.Status != RouteStatus.Routed),
            RefusedThen = items.Count(i => i.Then.Status != RouteStatus.Routed),
            MeanSecondsNow = both.Length > 0 ? both.Average(i => i.Now.TotalSeconds) : null,
            MeanSecondsThen = both.Length > 0 ? both.Average(i => i.Then.TotalSeconds) : null,
            Nodes =
            [
                .. items.SelectMany(i => new[] { i.Now.NodeId, i.Then.NodeId }).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                    .Select(node => new TrialShareView { NodeId = node, Now = items.Count(i => i.Now.NodeId == node), Then = items.Count(i => i.Then.NodeId == node) }),
            ],
            Items = items,
        };
    }
}

/// <summary>How many requests a node is the first target of.</summary>
internal sealed record TrialShareView
{
    /// <summary>Node.</summary>
    public required string NodeId { get; init; }

    /// <summary>As it is now.</summary>
    public int Now { get; init; }

    /// <summary>As it would be.</summary>
    public int Then { get; init; }
}

/// <summary>One request, decided twice.</summary>
internal sealed record TrialItemView
{
    /// <summary>Recent decision that the request is of; absent when the caller brought it.</summary>
    public string? DecisionId { get; init; }

    /// <summary>Model.</summary>
    public required string Model { get; init; }

    /// <summary>Tenant; absent when none.</summary>
    public string? Tenant { get; init; }

    /// <summary>As it is now.</summary>
    public required TrialAnswerView Now { get; init; }

    /// <summary>As it would be.</summary>
    public required TrialAnswerView Then { get; init; }

    public static TrialItemView Of(RouteQuery query, RouteTrial trial, string id) => new()
    {
        DecisionId = Views.Known(id),
        Model = query.Model,
        Tenant = Views.Known(query.Tenant),
        Now = TrialAnswerView.Of(trial.Now),
        Then = TrialAnswerView.Of(trial.Then),
    };
}

/// <summary>A decision in short.</summary>
internal sealed record TrialAnswerView
{
    /// <summary>What becomes of the request.</summary>
    public RouteStatus Status { get; init; }

    /// <summary>First target; absent when there is none.</summary>
    public string? NodeId { get; init; }

    /// <summary>Expected seconds there; absent when there is none.</summary>
    public double? TotalSeconds { get; init; }

    /// <summary>Second attempt; absent when there is none.</summary>
    public string? HedgeNodeId { get; init; }

    /// <summary>Strategy that ranked; absent when none did.</summary>
    public string? Strategy { get; init; }

    public static TrialAnswerView Of(RouteDecision decision) => new()
    {
        Status = decision.Status,
        NodeId = decision.Targets is [var first, ..] ? first.NodeId : null,
        TotalSeconds = decision.Targets is [var best, ..] ? Views.Known(best.Cost.Total) : null,
        HedgeNodeId = decision.Hedge?.NodeId,
        Strategy = Views.Known(decision.Strategy),
    };
}
