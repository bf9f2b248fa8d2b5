namespace InferMesh.Grains.Abstractions.Security;

/// <summary>An API key as the mesh keeps it: what it allows, and only the hash of its secret.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ApiKey")]
public sealed record ApiKey
{
    /// <summary>Part of the key that is no secret and by which it is found: 12 lower-case letters and digits.</summary>
    [Id(0)] public required string Prefix { get; init; }

    /// <summary>Name for people and the audit; same form as a node id.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>SHA-256 of the whole key. Its secret is 256 random bits, so there is no dictionary to try and nothing that a slow hash would add.</summary>
    [Id(2)] public required byte[] Hash { get; init; }

    /// <summary>Hash of the secret before the last rotation; empty when there is none.</summary>
    [Id(3)] public byte[] PreviousHash { get; init; } = [];

    /// <summary>Until when the one before is still good.</summary>
    [Id(4)] public DateTimeOffset PreviousUntil { get; init; }

    /// <summary>Names of its roles.</summary>
    [Id(5)] public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Tenant that it is limited to; "" for the whole mesh.</summary>
    [Id(6)] public string Tenant { get; init; } = "";

    /// <summary>Project of the tenant that it is limited to; "" for the whole tenant.</summary>
    [Id(7)] public string Project { get; init; } = "";

    /// <summary>The only node that it may report for; "" for any.</summary>
    [Id(8)] public string NodeId { get; init; } = "";

    /// <summary>When it ends; null for never.</summary>
    [Id(9)] public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was made.</summary>
    [Id(10)] public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    [Id(11)] public string CreatedBy { get; init; } = "";

    /// <summary>When its secret was last changed; null when it never was.</summary>
    [Id(12)] public DateTimeOffset? RotatedAt { get; init; }
}

/// <summary>All keys at one moment.</summary>
/// <param name="Version">Grows with each change, also over restarts.</param>
/// <param name="Keys">Keys by prefix.</param>
[GenerateSerializer, Immutable, Alias("infermesh.KeyRing")]
public sealed record KeyRing([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<ApiKey> Keys);
