using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>A policy as it is written: kind, requests that it is for, and exactly the one part that its kind names.</summary>
internal record PolicyBody
{
    /// <summary>Kind; the part of the same name must be given, no other. Required.</summary>
    public PolicyKind? Kind { get; init; }

    /// <summary>Higher wins where two policies set the same thing; -1000 to 1000, 0 by default.</summary>
    public int? Priority { get; init; }

    /// <summary>What it is good for, at most 1000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>Models it is for; empty means all, a trailing '*' matches any ending.</summary>
    public IReadOnlyList<string?>? Models { get; init; }

    /// <summary>Tenants it is for; empty means all.</summary>
    public IReadOnlyList<string?>? Tenants { get; init; }

    /// <summary>SLO classes it is for; empty means all.</summary>
    public IReadOnlyList<string?>? SloClasses { get; init; }

    /// <summary>For kind placement: where requests may run.</summary>
    public PlacementBody? Placement { get; init; }

    /// <summary>For kind routing: how targets are ordered.</summary>
    public RoutingBody? Routing { get; init; }

    /// <summary>For kind hedging: when a second attempt is sent.</summary>
    public HedgingBody? Hedging { get; init; }

    /// <summary>For kind slo: latency goals, and what is refused to keep them.</summary>
    public SloBody? Slo { get; init; }

    /// <summary>For kind quota: how much may be in flight.</summary>
    public QuotaBody? Quota { get; init; }

    /// <summary>For kind security: who may use what the policy matches.</summary>
    public SecurityBody? Security { get; init; }

    /// <summary>The content for the grain, which checks it as a whole; here is checked only what its types cannot carry.</summary>
    public PolicySpec Read(BodyReader reader)
    {
        if (Kind is null) reader.Refuse("kind", $"is required: {Problems.JsonTypes.OneOf(typeof(PolicyKind))}.");
        return new()
        {
            Kind = Kind ?? default,
            Priority = Priority ?? 0,
            Description = Description ?? "",
            Models = reader.List("models", Models),
            Tenants = reader.List("tenants", Tenants),
            SloClasses = reader.List("sloClasses", SloClasses),
            Placement = Placement?.Read(reader),
            Routing = Routing?.Read(reader),
            Hedging = Hedging?.Read(),
            Slo = Slo?.Read(),
            Quota = Quota?.Read(reader),
            Security = Security?.Read(reader),
        };
    }
}

/// <summary>A policy and its name.</summary>
internal sealed record NewPolicyBody : PolicyBody
{
    /// <summary>Name: 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit. Required.</summary>
    public string? Name { get; init; }
}

/// <summary>Which version to go back to.</summary>
internal sealed record RollbackBody
{
    /// <summary>Version whose content is written as a new version. Required.</summary>
    public long? Version { get; init; }
}
