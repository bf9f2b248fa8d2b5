using InferMesh.Api.Endpoints.Policies;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Endpoints.ModelEndpoints;

/// <summary>What stands behind a name that clients use as a model.</summary>
internal record EndpointBody
{
    /// <summary>Models and their shares of the conversations, 1 to 32, each once. Required.</summary>
    public IReadOnlyList<EndpointModelBody?>? Models { get; init; }

    /// <summary>Other names that clients may use, at most 100; no two endpoints share a name or an alias.</summary>
    public IReadOnlyList<string?>? Aliases { get; init; }

    /// <summary>SLO class of requests that name none.</summary>
    public string? SloClass { get; init; }

    /// <summary>Where its requests may run; absent for anywhere.</summary>
    public PlacementBody? Placement { get; init; }

    /// <summary>How targets are ordered; absent leaves it to the policies.</summary>
    public RoutingBody? Routing { get; init; }

    /// <summary>When a second attempt is sent; absent leaves it to the policies.</summary>
    public HedgingBody? Hedging { get; init; }

    /// <summary>Who may call; absent for everybody.</summary>
    public EndpointAuthBody? Auth { get; init; }

    /// <summary>What it is good for, at most 1000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>False answers as if there were no such model. Default true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The content for the grain, which checks it as a whole; here is checked only what its types cannot carry.</summary>
    public EndpointSpec Read(BodyReader reader)
    {
        for (var i = 0; i < Models?.Count; i++)
        {
            if (string.IsNullOrEmpty(Models[i]?.Model)) reader.Refuse($"models[{i}].model", "is required.");
        }
        return new()
        {
            Models = [.. (Models ?? []).Select(m => new EndpointModel(m?.Model ?? "", m?.Weight ?? 1))],
            Aliases = reader.List("aliases", Aliases),
            SloClass = SloClass ?? "",
            Placement = Placement?.Read(reader),
            Routing = Routing?.Read(reader),
            Hedging = Hedging?.Read(),
            Auth = Auth?.Read(reader),
            Description = Description ?? "",
            Enabled = Enabled ?? true,
        };
    }
}

/// <summary>An endpoint and its name.</summary>
internal sealed record NewEndpointBody : EndpointBody
{
    /// <summary>Name: 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit. Required.</summary>
    public string? Name { get; init; }
}

/// <summary>A model behind an endpoint.</summary>
internal sealed record EndpointModelBody
{
    /// <summary>Model. Required.</summary>
    public string? Model { get; init; }

    /// <summary>Its share is this over the sum of all, 1 to 1000. Default 1.</summary>
    public int? Weight { get; init; }
}

/// <summary>Who may call an endpoint.</summary>
internal sealed record EndpointAuthBody
{
    /// <summary>SHA-256 of each key that opens it, 64 lower-case hex digits. The first 12 digits, which are all that is ever shown, stand for a key that the endpoint has.</summary>
    public IReadOnlyList<string?>? Keys { get; init; }

    /// <summary>Tenants that may; empty allows every tenant.</summary>
    public IReadOnlyList<string?>? AllowedTenants { get; init; }

    /// <summary>Refuses requests that name no tenant. Default false.</summary>
    public bool? RequireTenant { get; init; }

    public EndpointAuth Read(BodyReader reader) => new()
    {
        Keys = reader.List("auth.keys", Keys),
        AllowedTenants = reader.List("auth.allowedTenants", AllowedTenants),
        RequireTenant = RequireTenant ?? false,
    };
}
