using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Routing;

/// <summary>A planned second attempt.</summary>
internal sealed record HedgeView
{
    /// <summary>Node, in another failure domain than the first target.</summary>
    public required string NodeId { get; init; }

    /// <summary>Milliseconds without a first byte after which it is sent.</summary>
    public double DelayMs { get; init; }
}

/// <summary>A routing decision with its reasons.</summary>
internal sealed record DecisionView
{
    /// <summary>What became of the request.</summary>
    public RouteStatus Status { get; init; }

    /// <summary>Id of the decision; what an outcome is reported under.</summary>
    public required string DecisionId { get; init; }

    /// <summary>Targets, best first; costs in seconds, term by term.</summary>
    public required IReadOnlyList<RouteTarget> Targets { get; init; }

    /// <summary>Second attempt, where a policy or the strategy asks for one; absent when there is none.</summary>
    public HedgeView? Hedge { get; init; }

    /// <summary>Why there is no hedge: disabled, no_second_target, same_failure_domain or saturated; absent when there is one.</summary>
    public string? HedgeSuppressed { get; init; }

    /// <summary>Milliseconds after which to come back; only after a refusal for load.</summary>
    public double? RetryAfterMs { get; init; }

    /// <summary>Strategy that ranked; absent when none did.</summary>
    public string? Strategy { get; init; }

    /// <summary>Experiment that the request takes part in; absent when none.</summary>
    public string? Experiment { get; init; }

    /// <summary>Arm of the experiment, whose strategy ranked; absent when none.</summary>
    public string? Arm { get; init; }

    /// <summary>Version of the routing table.</summary>
    public long TableVersion { get; init; }

    /// <summary>Policies behind it, as name@version.</summary>
    public required IReadOnlyList<string> Policies { get; init; }

    /// <summary>Targets of the model.</summary>
    public int Considered { get; init; }

    /// <summary>Targets left after filtering.</summary>
    public int Eligible { get; init; }

    /// <summary>Who was ruled out and why: in a dry run.</summary>
    public required IReadOnlyList<RouteExclusion> Excluded { get; init; }

    /// <summary>Silo that decided.</summary>
    public string? Silo { get; init; }

    public static DecisionView Of(RouteDecision decision) => new()
    {
        Status = decision.Status,
        DecisionId = decision.DecisionId,
        Targets = decision.Targets,
        Hedge = decision.Hedge is { } hedge ? new() { NodeId = hedge.NodeId, DelayMs = hedge.Delay.TotalMilliseconds } : null,
        HedgeSuppressed = Views.Known(decision.HedgeSuppressed),
        RetryAfterMs = decision.RetryAfter > TimeSpan.Zero ? decision.RetryAfter.TotalMilliseconds : null,
        Strategy = Views.Known(decision.Strategy),
        Experiment = Views.Known(decision.Experiment),
        Arm = Views.Known(decision.Arm),
        TableVersion = decision.TableVersion,
        Policies = decision.Policies,
        Considered = decision.Considered,
        Eligible = decision.Eligible,
        Excluded = decision.Excluded,
        Silo = Views.Known(decision.Silo),
    };
}
