namespace InferMesh.Grains.Abstractions.Tenancy;

/// <summary>Lets requests of limited tenants in, from the leases of its silo. A stateless worker: any key reaches one of the silo that takes the call.</summary>
[Alias("infermesh.ITenantGateGrain")]
public interface ITenantGateGrain : IGrainWithIntegerKey
{
    /// <summary>Reserves what a request is expected to use until <see cref="Settle"/> says what it did use, or its lease ends.</summary>
    [Alias("Reserve")] ValueTask<TenantVerdict> Reserve(TenantRequest request);

    /// <summary>
    /// Settles: true once the usage is stored. False when the reservation is no longer open: its lease ended, and its estimate was counted. A reservation of a silo that is gone is
    /// charged by the silo that takes the call.
    /// </summary>
    [Alias("Settle")] ValueTask<bool> Settle(TenantSettlement settlement);

    /// <summary>The requests of these reservations still run: their leases begin anew. What is not open any more is passed over.</summary>
    [Alias("Renew")] ValueTask Renew(IReadOnlyList<string> ids);
}

/// <summary>A request before it is sent.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.TenantRequest")]
public sealed record TenantRequest
{
    /// <summary>Tenant.</summary>
    [Id(0)] public required string Tenant { get; init; }

    /// <summary>Project; "" when none.</summary>
    [Id(1)] public string Project { get; init; } = "";

    /// <summary>Id of the caller's key, never the key; "" when none.</summary>
    [Id(2)] public string KeyId { get; init; } = "";

    /// <summary>Model, for the price.</summary>
    [Id(3)] public required string Model { get; init; }

    /// <summary>Prompt tokens, estimated, 0 or more.</summary>
    [Id(4)] public int PromptTokens { get; init; }

    /// <summary>Output tokens at most, 0 or more.</summary>
    [Id(5)] public int OutputTokens { get; init; }
}

/// <summary>What a request used in the end.</summary>
/// <param name="Id">Id of the reservation.</param>
/// <param name="Request">The request as it was reserved.</param>
/// <param name="PromptTokens">Prompt tokens, 0 or more.</param>
/// <param name="OutputTokens">Output tokens, 0 or more.</param>
[GenerateSerializer, Immutable, Alias("infermesh.TenantSettlement")]
public sealed record TenantSettlement(
    [property: Id(0)] string Id, [property: Id(1)] TenantRequest Request, [property: Id(2)] int PromptTokens, [property: Id(3)] int OutputTokens);

/// <summary>Whether a request may go on.</summary>
[GenerateSerializer, Alias("infermesh.TenantVerdictStatus")]
public enum TenantVerdictStatus : byte
{
    /// <summary>Nothing limits the tenant; there is nothing to settle.</summary>
    Unlimited = 0,

    /// <summary>Reserved.</summary>
    Granted,

    /// <summary>A limit is used up.</summary>
    Refused,

    /// <summary>The tenant's grain did not answer, and without it nobody knows what is left.</summary>
    Unavailable,
}

/// <summary>Answer to a request.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.TenantVerdict")]
public sealed record TenantVerdict
{
    /// <summary>Whether it may go on.</summary>
    [Id(0)] public TenantVerdictStatus Status { get; init; }

    /// <summary>Id of the reservation; "" when there is none.</summary>
    [Id(1)] public string Id { get; init; } = "";

    /// <summary>The limit that is used up; null unless refused.</summary>
    [Id(2)] public MeterKey? Limit { get; init; }

    /// <summary>How much that limit allows, in the unit of its kind.</summary>
    [Id(3)] public double Allowed { get; init; }

    /// <summary>When to come back.</summary>
    [Id(4)] public TimeSpan RetryAfter { get; init; }

    /// <summary>The request limit with the least left; null when there is none.</summary>
    [Id(5)] public RateView? Requests { get; init; }

    /// <summary>The token limit with the least left; null when there is none.</summary>
    [Id(6)] public RateView? Tokens { get; init; }
}

/// <summary>A limit and what is left of it.</summary>
/// <param name="Limit">Limit.</param>
/// <param name="Remaining">What is left, as far as the silo knows.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RateView")]
public sealed record RateView([property: Id(0)] long Limit, [property: Id(1)] long Remaining);
