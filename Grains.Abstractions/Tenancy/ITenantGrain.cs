using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Tenancy;

/// <summary>
/// One tenant: its limits, what it has used, and what of the rest each silo may hand out. What a call answers is stored before it answers. Key: tenant name.
/// </summary>
[Alias("infermesh.ITenantGrain")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>The newest version; null when there is none or it is deleted: then nothing limits the tenant.</summary>
    [AlwaysInterleave, Alias("Get")] Task<Tenant?> Get();

    /// <summary>Writes a version.</summary>
    /// <param name="spec">Content.</param>
    /// <param name="expected">Version that must be current: 0 creates, <see cref="Policies.PolicyVersions.Any"/> replaces whatever is there.</param>
    /// <param name="actor">Who writes.</param>
    [Alias("Put")] Task<TenantResult> Put(TenantSpec spec, long expected, string actor);

    /// <summary>All that is wrong with the content; nothing is written.</summary>
    [AlwaysInterleave, Alias("Check")] Task<IReadOnlyList<FieldError>> Check(TenantSpec spec);

    /// <summary>Deletes it. What it has used in the windows that run is kept, should it come back.</summary>
    [Alias("Delete")] Task<TenantResult> Delete(long expected, string actor);

    /// <summary>What is used, in flight and leased; null when there is no such tenant.</summary>
    [AlwaysInterleave, Alias("Usage")] Task<TenantUsage?> Usage();

    /// <summary>A silo reports what its requests used, gives back what it does not need and asks for what it does, all at once. May be repeated: an exchange counts once.</summary>
    [AlwaysInterleave, Alias("Lease")] Task<LeaseAnswer> Lease(LeaseRequest request);
}

/// <summary>What became of a change.</summary>
[GenerateSerializer, Alias("infermesh.TenantStatus")]
public enum TenantStatus : byte
{
    /// <summary>Done.</summary>
    Accepted = 0,

    /// <summary>The content is wrong; see the errors.</summary>
    Invalid,

    /// <summary>Another version is current.</summary>
    Conflict,

    /// <summary>There is no such tenant.</summary>
    NotFound,
}

/// <summary>Answer to a change.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Tenant">The newest version, deletions included; null when there never was one.</param>
/// <param name="CurrentVersion">Version that is current, also after a conflict; 0 when the tenant does not exist.</param>
/// <param name="Errors">All that is wrong with the content.</param>
[GenerateSerializer, Immutable, Alias("infermesh.TenantResult")]
public sealed record TenantResult(
    [property: Id(0)] TenantStatus Status, [property: Id(1)] Tenant? Tenant, [property: Id(2)] long CurrentVersion, [property: Id(3)] IReadOnlyList<FieldError> Errors);
