using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Versions;

namespace InferMesh.Grains.Abstractions.Tenancy;

/// <summary>What a tenant may use, as it is written.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.TenantSpec")]
public sealed record TenantSpec
{
    /// <summary>Who that is, free text, at most 1,000 characters.</summary>
    [Id(0)] public string Description { get; init; } = "";

    /// <summary>Limits of the tenant as a whole.</summary>
    [Id(1)] public TenantLimits Limits { get; init; } = new();

    /// <summary>Limits of its projects, by name; a project that is not named here has none of its own.</summary>
    [Id(2)] public IReadOnlyDictionary<string, TenantLimits> Projects { get; init; } = new Dictionary<string, TenantLimits>();

    /// <summary>Limits of its keys, by key id: the prefix of a key of the mesh, or of any other key the first 16 hex digits of its SHA-256.</summary>
    [Id(3)] public IReadOnlyDictionary<string, TenantLimits> Keys { get; init; } = new Dictionary<string, TenantLimits>();

    /// <summary>Price of models that <see cref="ModelPrices"/> does not name.</summary>
    [Id(4)] public TokenPrice Price { get; init; } = new();

    /// <summary>Prices by model; a trailing <c>*</c> matches any ending, the longest match counts.</summary>
    [Id(5)] public IReadOnlyDictionary<string, TokenPrice> ModelPrices { get; init; } = new Dictionary<string, TokenPrice>();

    /// <summary>Weight of its share when training jobs of several tenants wait, 0.001 to 1000.</summary>
    [Id(6)] public double TrainingWeight { get; init; } = 1;

    /// <summary>Organisation that it belongs to: same form as a node id; "" for none.</summary>
    [Id(7)] public string Organisation { get; init; } = "";

    /// <summary>Where its requests and training jobs may run, such as the regions that its data may not leave; null for everywhere. No policy and no request widens it.</summary>
    [Id(8)] public PlacementSpec? Placement { get; init; }
}

/// <summary>Limits over the whole cluster; those not given are none.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.TenantLimits")]
public sealed record TenantLimits
{
    /// <summary>Requests per second in the long run, 0.001 to 1,000,000.</summary>
    [Id(0)] public double? RequestsPerSecond { get; init; }

    /// <summary>Requests at once after a pause, 1 to 1,000,000; as many as a second brings, at least 1, by default.</summary>
    [Id(1)] public int? Burst { get; init; }

    /// <summary>Requests in flight, 0 to 1,000,000.</summary>
    [Id(2)] public int? ConcurrentRequests { get; init; }

    /// <summary>Prompt and output tokens in a minute of UTC, 0 to 10^15.</summary>
    [Id(3)] public long? TokensPerMinute { get; init; }

    /// <summary>Prompt and output tokens in a day of UTC, 0 to 10^15.</summary>
    [Id(4)] public long? TokensPerDay { get; init; }

    /// <summary>Money in a day of UTC, in the unit of the prices, 0 to 10^9.</summary>
    [Id(5)] public double? MoneyPerDay { get; init; }

    /// <summary>GPUs that its training jobs may have at once, 0 to 1,000,000; of a tenant as a whole or a project.</summary>
    [Id(6)] public int? TrainingGpus { get; init; }
}

/// <summary>Price of tokens, in whatever unit the budgets have.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.TokenPrice")]
public sealed record TokenPrice
{
    /// <summary>Of 1,000 prompt tokens, 0 to 10^6.</summary>
    [Id(0)] public double PromptPer1000 { get; init; }

    /// <summary>Of 1,000 output tokens, 0 to 10^6.</summary>
    [Id(1)] public double OutputPer1000 { get; init; }
}

/// <summary>A stored tenant.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.Tenant")]
public sealed record Tenant : IVersioned
{
    /// <summary>Name: same form as a node id. Requests name it in their header.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Grows by one with each change, also over a deletion; the ETag.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Content.</summary>
    [Id(2)] public required TenantSpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    [Id(3)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    [Id(4)] public string ChangedBy { get; init; } = "";

    /// <summary>This version is a deletion.</summary>
    [Id(5)] public bool Deleted { get; init; }
}
