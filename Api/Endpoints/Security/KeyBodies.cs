using InferMesh.Api.Http;
using InferMesh.Api.Security.Keys;
using InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Api.Endpoints.Security;

/// <summary>A key as it is asked for.</summary>
internal sealed record KeyBody
{
    /// <summary>Name for people and the audit. Required.</summary>
    public string? Name { get; init; }

    /// <summary>Roles: viewer, operator, tenant-admin, job-submitter, inference-user, node-agent, admin. Required.</summary>
    public IReadOnlyList<string?>? Roles { get; init; }

    /// <summary>Tenant that it is limited to; by default the caller's own, or the whole mesh for those who have it.</summary>
    public string? Tenant { get; init; }

    /// <summary>Project of the tenant that it is limited to; by default the whole tenant.</summary>
    public string? Project { get; init; }

    /// <summary>The only node that it may report for; of a node-agent.</summary>
    public string? NodeId { get; init; }

    /// <summary>When it ends; by default never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public KeyRequest Read(BodyReader reader) => new(Name ?? "", reader.List("roles", Roles), Tenant ?? "", Project ?? "", NodeId ?? "", ExpiresAt);
}

/// <summary>How a key is rotated.</summary>
internal sealed record KeyRotationBody
{
    /// <summary>Seconds for which the secret before stays good, 0 to 2592000 (30 days). Default 3600.</summary>
    public int? OverlapSeconds { get; init; }
}

/// <summary>A key, without its secret.</summary>
internal record KeyView
{
    /// <summary>Prefix: the part of the key that is no secret, and its id.</summary>
    public required string Prefix { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Roles.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Tenant that it is limited to; absent for the whole mesh.</summary>
    public string? Tenant { get; init; }

    /// <summary>Project that it is limited to; absent for the whole tenant.</summary>
    public string? Project { get; init; }

    /// <summary>The only node that it may report for; absent for any.</summary>
    public string? NodeId { get; init; }

    /// <summary>When it ends; absent for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>When its secret was last changed; absent when it never was.</summary>
    public DateTimeOffset? RotatedAt { get; init; }

    /// <summary>Until when the secret before is good as well; absent when there is none.</summary>
    public DateTimeOffset? PreviousUntil { get; init; }

    public static KeyView Of(ApiKey key) => Of(key, new KeyView { Prefix = "", Name = "", Roles = [], CreatedBy = "" });

    protected static T Of<T>(ApiKey key, T view)
        where T : KeyView => view with
        {
            Prefix = key.Prefix,
            Name = key.Name,
            Roles = key.Roles,
            Tenant = Views.Known(key.Tenant),
            Project = Views.Known(key.Project),
            NodeId = Views.Known(key.NodeId),
            ExpiresAt = key.ExpiresAt,
            CreatedAt = key.CreatedAt,
            CreatedBy = key.CreatedBy,
            RotatedAt = key.RotatedAt,
            PreviousUntil = key.PreviousHash.Length > 0 ? key.PreviousUntil : null,
        };
}

/// <summary>A key with its secret, which is shown this once.</summary>
internal sealed record NewKeyView : KeyView
{
    /// <summary>The key as callers send it: keep it, the mesh does not.</summary>
    public required string Key { get; init; }

    public static NewKeyView Of(KeyOutcome made) => Of(made.Key!, new NewKeyView { Prefix = "", Name = "", Roles = [], CreatedBy = "", Key = made.Text! });

    // A record prints all it has.
    public override string ToString() => Prefix;
}
