using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Endpoints.ModelEndpoints;

/// <summary>A stored endpoint. Its <c>spec</c> is what PUT takes; of keys it has the first 12 digits.</summary>
internal sealed record EndpointView
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Grows by one with each change; the ETag is this number in quotes.</summary>
    public long Version { get; init; }

    /// <summary>Content.</summary>
    public required EndpointSpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    public required string ChangedBy { get; init; }

    /// <summary>This version is a deletion; in a history only.</summary>
    public bool Deleted { get; init; }

    public static EndpointView Of(MeshEndpoint endpoint) => new()
    {
        Name = endpoint.Name,
        Version = endpoint.Version,
        Spec = endpoint.Spec with { Auth = endpoint.Spec.Auth?.Shown() },
        ChangedAt = endpoint.ChangedAt,
        ChangedBy = endpoint.ChangedBy,
        Deleted = endpoint.Deleted,
    };
}
