using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>A stored policy. Its <c>spec</c> is what PUT takes.</summary>
internal sealed record PolicyView
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Grows by one with each change; the ETag is this number in quotes.</summary>
    public long Version { get; init; }

    /// <summary>Content.</summary>
    public required PolicySpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    public required string ChangedBy { get; init; }

    /// <summary>This version is a deletion; in a history only.</summary>
    public bool Deleted { get; init; }

    public static PolicyView Of(Policy policy) => new()
    {
        Name = policy.Name,
        Version = policy.Version,
        Spec = policy.Spec,
        ChangedAt = policy.ChangedAt,
        ChangedBy = policy.ChangedBy,
        Deleted = policy.Deleted,
    };
}
