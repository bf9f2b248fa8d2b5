namespace InferMesh.Grains.Abstractions.Tenancy;

/// <summary>What a tenant uses now. What silos have not reported yet, at most a second's, is not in it.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.TenantUsage")]
public sealed record TenantUsage
{
    /// <summary>Tenant.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Version of its limits.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>When this was read; minute and day are those of UTC then.</summary>
    [Id(2)] public DateTimeOffset At { get; init; }

    /// <summary>The tenant as a whole.</summary>
    [Id(3)] public required ScopeUsage Total { get; init; }

    /// <summary>Projects that have limits, by name.</summary>
    [Id(4)] public IReadOnlyDictionary<string, ScopeUsage> Projects { get; init; } = new Dictionary<string, ScopeUsage>();

    /// <summary>Keys that have limits, by key id.</summary>
    [Id(5)] public IReadOnlyDictionary<string, ScopeUsage> Keys { get; init; } = new Dictionary<string, ScopeUsage>();
}

/// <summary>Usage of a tenant, a project or a key.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ScopeUsage")]
public sealed record ScopeUsage
{
    /// <summary>Requests in flight, as the silos last said.</summary>
    [Id(0)] public long InFlight { get; init; }

    /// <summary>Prompt and output tokens settled in this minute.</summary>
    [Id(1)] public long TokensThisMinute { get; init; }

    /// <summary>Prompt and output tokens settled today.</summary>
    [Id(2)] public long TokensToday { get; init; }

    /// <summary>Money settled today.</summary>
    [Id(3)] public double MoneyToday { get; init; }

    /// <summary>What silos hold beside that, for requests in flight and those about to come.</summary>
    [Id(4)] public LeasedUsage Leased { get; init; } = new(0, 0, 0, 0);

    /// <summary>Limits.</summary>
    [Id(5)] public TenantLimits Limits { get; init; } = new();
}

/// <summary>What silos hold and have not settled.</summary>
/// <param name="Requests">Places for requests in flight.</param>
/// <param name="TokensPerMinute">Tokens of this minute.</param>
/// <param name="TokensPerDay">Tokens of today.</param>
/// <param name="MoneyPerDay">Money of today.</param>
[GenerateSerializer, Immutable, Alias("infermesh.LeasedUsage")]
public sealed record LeasedUsage([property: Id(0)] long Requests, [property: Id(1)] long TokensPerMinute, [property: Id(2)] long TokensPerDay, [property: Id(3)] double MoneyPerDay);
