using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Versions;

namespace InferMesh.Grains.Abstractions.Endpoints;

/// <summary>
/// What stands behind a name that clients use as a model: one model or several by weight, where they may run, how they are routed, and who may call. An endpoint's name or alias
/// hides a model of the same name; what stands in <see cref="Models"/> are always models, never endpoints.
/// </summary>
[GenerateSerializer, Immutable, Alias("infermesh.EndpointSpec")]
public sealed record EndpointSpec
{
    /// <summary>Models and their shares of the conversations, 1 to 32, each once.</summary>
    [Id(0)] public IReadOnlyList<EndpointModel> Models { get; init; } = [];

    /// <summary>Other names that clients may use, at most 100; no two endpoints share a name or an alias.</summary>
    [Id(1)] public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>SLO class of requests that name none; "" for none.</summary>
    [Id(2)] public string SloClass { get; init; } = "";

    /// <summary>Where its requests may run; null for anywhere.</summary>
    [Id(3)] public PlacementSpec? Placement { get; init; }

    /// <summary>How targets are ordered; null leaves it to the policies.</summary>
    [Id(4)] public RoutingSpec? Routing { get; init; }

    /// <summary>When a second attempt is sent; null leaves it to the policies.</summary>
    [Id(5)] public HedgingSpec? Hedging { get; init; }

    /// <summary>Who may call; null for everybody.</summary>
    [Id(6)] public EndpointAuth? Auth { get; init; }

    /// <summary>What it is good for, free text of at most 1000 characters.</summary>
    [Id(7)] public string Description { get; init; } = "";

    /// <summary>False answers as if there were no such model.</summary>
    [Id(8)] public bool Enabled { get; init; } = true;
}

/// <summary>A model behind an endpoint.</summary>
/// <param name="Model">Model, 1 to 256 characters.</param>
/// <param name="Weight">Its share is this over the sum of all, 1 to 1000.</param>
[GenerateSerializer, Immutable, Alias("infermesh.EndpointModel")]
public sealed record EndpointModel([property: Id(0)] string Model, [property: Id(1)] int Weight = 1);

/// <summary>Who may call an endpoint.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.EndpointAuth")]
public sealed record EndpointAuth
{
    /// <summary>Digits of a key that are shown, and that name it in a change.</summary>
    public const int ShownDigits = 12;

    /// <summary>
    /// SHA-256 of each key that opens it, 64 lower-case hex digits; empty needs no key. In a change the first <see cref="ShownDigits"/> digits stand for a key that the endpoint
    /// has, so that what was shown may be written back.
    /// </summary>
    [Id(0)] public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Tenants that may; empty allows every tenant.</summary>
    [Id(1)] public IReadOnlyList<string> AllowedTenants { get; init; } = [];

    /// <summary>Refuses requests that name no tenant.</summary>
    [Id(2)] public bool RequireTenant { get; init; }

    /// <summary>The same with the whole key in place of each one of which the shown digits stand here, as far as the endpoint has it.</summary>
    /// <param name="current">What the endpoint has; null when it has nothing.</param>
    public EndpointAuth Completed(EndpointAuth? current) => current is null ? this
        : this with { Keys = [.. Keys.Select(key => key.Length == ShownDigits ? current.Keys.FirstOrDefault(whole => whole.StartsWith(key, StringComparison.Ordinal)) ?? key : key)] };

    /// <summary>The same with as much of each key as may be shown.</summary>
    public EndpointAuth Shown() => this with { Keys = [.. Keys.Select(key => key[..Math.Min(key.Length, ShownDigits)])] };
}

/// <summary>A stored endpoint.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.MeshEndpoint")]
public sealed record MeshEndpoint : IVersioned
{
    /// <summary>Name: same form as a node id.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Grows by one with each change, also over a deletion; the ETag.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Content.</summary>
    [Id(2)] public required EndpointSpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    [Id(3)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    [Id(4)] public string ChangedBy { get; init; } = "";

    /// <summary>This version is a deletion.</summary>
    [Id(5)] public bool Deleted { get; init; }

    /// <summary>Its name and aliases; none when this version is a deletion.</summary>
    public IEnumerable<string> AllNames() => Deleted ? [] : Spec.Aliases.Prepend(Name);
}
