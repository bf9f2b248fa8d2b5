using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Decisions;

/// <summary>By which way a request for a decision came.</summary>
internal enum DecisionSource
{
    /// <summary>The data plane: the API forwarded the request itself.</summary>
    Ingress,

    /// <summary><c>/api/v1/route</c>.</summary>
    Rest,

    /// <summary>The scoring plane.</summary>
    Grpc,
}

/// <summary>A decision that is kept.</summary>
/// <param name="Source">By which way it was asked for.</param>
/// <param name="At">When it was made.</param>
/// <param name="Query">What was asked, without the blocks of the prompt.</param>
/// <param name="Decision">The answer.</param>
internal sealed record RecentDecision(DecisionSource Source, DateTimeOffset At, RouteQuery Query, RouteDecision Decision)
{
    private volatile RouteOutcome? _outcome;

    /// <summary>How the request ended; null while it runs, or when nobody said.</summary>
    public RouteOutcome? Outcome
    {
        get => _outcome;
        set => _outcome = value;
    }
}
