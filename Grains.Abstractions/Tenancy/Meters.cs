namespace InferMesh.Grains.Abstractions.Tenancy;

/// <summary>Whose limit.</summary>
[GenerateSerializer, Alias("infermesh.TenantScope")]
public enum TenantScope : byte
{
    /// <summary>The tenant as a whole.</summary>
    Tenant = 0,

    /// <summary>One of its projects.</summary>
    Project,

    /// <summary>One of its keys.</summary>
    Key,
}

/// <summary>What is limited.</summary>
[GenerateSerializer, Alias("infermesh.LimitKind")]
public enum LimitKind : byte
{
    /// <summary>Requests per second: a bucket that fills at that rate up to the burst.</summary>
    RequestsPerSecond = 0,

    /// <summary>Requests in flight.</summary>
    ConcurrentRequests,

    /// <summary>Tokens in a minute of UTC.</summary>
    TokensPerMinute,

    /// <summary>Tokens in a day of UTC.</summary>
    TokensPerDay,

    /// <summary>Money in a day of UTC, counted in millionths.</summary>
    MoneyPerDay,
}

/// <summary>One thing that is counted.</summary>
/// <param name="Scope">Whose.</param>
/// <param name="Name">Project or key id; "" for the tenant.</param>
/// <param name="Kind">What.</param>
[GenerateSerializer, Immutable, Alias("infermesh.MeterKey")]
public readonly record struct MeterKey([property: Id(0)] TenantScope Scope, [property: Id(1)] string Name, [property: Id(2)] LimitKind Kind);

/// <summary>What a silo says to a tenant.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.LeaseRequest")]
public sealed record LeaseRequest
{
    /// <summary>Silo, in its parsable form: a silo that starts anew is another one.</summary>
    [Id(0)] public required string Silo { get; init; }

    /// <summary>Grows with each exchange of the silo: the fencing version. One that is not newer than the last changes nothing.</summary>
    [Id(1)] public long Sequence { get; init; }

    /// <summary>Version of the tenant that the silo knows; -1 for none.</summary>
    [Id(2)] public long KnownVersion { get; init; } = -1;

    /// <summary>Meters with news.</summary>
    [Id(3)] public IReadOnlyList<MeterReport> Meters { get; init; } = [];
}

/// <summary>One meter as a silo sees it.</summary>
/// <param name="Key">Meter.</param>
/// <param name="Window">Window that the numbers are of; what is of a window gone by counts no more.</param>
/// <param name="Settled">Used since the last exchange.</param>
/// <param name="Open">Reserved by requests in flight.</param>
/// <param name="Keep">Of its lease, what the silo still needs for requests in flight and those about to come; the rest it gives back.</param>
/// <param name="Need">Requests that wait need this much more.</param>
/// <param name="Least">The smallest of them needs this; less would help nobody.</param>
/// <param name="Want">What it would use soon.</param>
[GenerateSerializer, Immutable, Alias("infermesh.MeterReport")]
public readonly record struct MeterReport(
    [property: Id(0)] MeterKey Key, [property: Id(1)] long Window, [property: Id(2)] long Settled, [property: Id(3)] long Open,
    [property: Id(4)] long Keep, [property: Id(5)] long Need, [property: Id(6)] long Least, [property: Id(7)] long Want);

/// <summary>What a tenant answers.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.LeaseAnswer")]
public sealed record LeaseAnswer
{
    /// <summary>Version of the tenant; 0 when nothing limits it.</summary>
    [Id(0)] public long Version { get; init; }

    /// <summary>Its content, when the silo does not know this version.</summary>
    [Id(1)] public TenantSpec? Spec { get; init; }

    /// <summary>How long the answer holds, from the time when the silo asked.</summary>
    [Id(2)] public TimeSpan ValidFor { get; init; }

    /// <summary>What the silo holds of the meters that it named.</summary>
    [Id(3)] public IReadOnlyList<MeterGrant> Meters { get; init; } = [];
}

/// <summary>What a silo holds of one meter.</summary>
/// <param name="Key">Meter.</param>
/// <param name="Window">Window of the grain.</param>
/// <param name="Held">The silo's lease, with what is reserved by its requests in flight.</param>
/// <param name="ValidFor">How long, from the time when the silo asked.</param>
/// <param name="Limit">Limit; null when there is none.</param>
/// <param name="Free">What nobody holds.</param>
/// <param name="RetryAfter">When to come back with what was asked for and is not there.</param>
/// <param name="Idle">What other silos held and did not use when they last reported: as soon as they hear that it is scarce, they give it back.</param>
[GenerateSerializer, Immutable, Alias("infermesh.MeterGrant")]
public readonly record struct MeterGrant(
    [property: Id(0)] MeterKey Key, [property: Id(1)] long Window, [property: Id(2)] long Held, [property: Id(3)] TimeSpan ValidFor,
    [property: Id(4)] long? Limit, [property: Id(5)] long Free, [property: Id(6)] TimeSpan RetryAfter, [property: Id(7)] long Idle);
