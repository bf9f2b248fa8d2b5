using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Policies;

/// <summary>One versioned policy: validated, compared and set, with history and rollback. Key: policy name.</summary>
[Alias("infermesh.IPolicyGrain")]
public interface IPolicyGrain : IGrainWithStringKey
{
    /// <summary>The newest version; null when there is none or it is deleted.</summary>
    [AlwaysInterleave, Alias("Get")] Task<Policy?> Get();

    /// <summary>Writes a version.</summary>
    /// <param name="spec">Content.</param>
    /// <param name="expected">Version that must be current: 0 creates, <see cref="PolicyVersions.Any"/> replaces whatever is there.</param>
    /// <param name="actor">Who writes.</param>
    [Alias("Put")] Task<PolicyResult> Put(PolicySpec spec, long expected, string actor);

    /// <summary>All that is wrong with the content; nothing is written.</summary>
    [AlwaysInterleave, Alias("Check")] Task<IReadOnlyList<FieldError>> Check(PolicySpec spec);

    /// <summary>Deletes it; the history stays.</summary>
    [Alias("Delete")] Task<PolicyResult> Delete(long expected, string actor);

    /// <summary>The last versions, newest first, at most <see cref="PolicyVersions.HistoryLength"/>; empty when the policy never existed.</summary>
    [AlwaysInterleave, Alias("History")] Task<IReadOnlyList<Policy>> History();

    /// <summary>Writes the content of an old version as a new one.</summary>
    [Alias("Rollback")] Task<PolicyResult> Rollback(long version, long expected, string actor);
}

/// <summary>Numbers that the policy calls share.</summary>
public static class PolicyVersions
{
    /// <summary>No version is expected.</summary>
    public const long Any = -1;

    /// <summary>The policy must not exist.</summary>
    public const long None = 0;

    /// <summary>Versions that are kept.</summary>
    public const int HistoryLength = 50;
}

/// <summary>What became of a policy call.</summary>
[GenerateSerializer, Alias("infermesh.PolicyStatus")]
public enum PolicyStatus : byte
{
    /// <summary>Done.</summary>
    Accepted = 0,

    /// <summary>The content is wrong; see the errors.</summary>
    Invalid,

    /// <summary>Another version is current.</summary>
    Conflict,

    /// <summary>There is no such policy or version.</summary>
    NotFound,
}

/// <summary>Answer to a policy call.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Policy">The policy as it is now; null when there is none.</param>
/// <param name="CurrentVersion">Version that is current, also after a conflict; 0 when the policy does not exist.</param>
/// <param name="Errors">All that is wrong with the content.</param>
[GenerateSerializer, Immutable, Alias("infermesh.PolicyResult")]
public sealed record PolicyResult(
    [property: Id(0)] PolicyStatus Status, [property: Id(1)] Policy? Policy, [property: Id(2)] long CurrentVersion, [property: Id(3)] IReadOnlyList<FieldError> Errors);

/// <summary>All current policies of the cluster, for routing tables and listings. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IPolicyIndexGrain")]
public interface IPolicyIndexGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "policies";

    /// <summary>Takes a changed policy; an older version than the one held is dropped.</summary>
    [AlwaysInterleave, Alias("Changed")] Task Changed(Policy policy);

    /// <summary>All policies that exist, by name.</summary>
    [AlwaysInterleave, Alias("List")] Task<PolicyListing> List();

    /// <summary>The listing as soon as it is newer than the caller's, or null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("WaitForNewer")] Task<PolicyListing?> WaitForNewer(long incarnation, long version, TimeSpan wait);
}

/// <summary>All policies at one moment.</summary>
/// <param name="Incarnation">Life of the index grain.</param>
/// <param name="Version">Grows with each change within the incarnation.</param>
/// <param name="Policies">Policies by name.</param>
[GenerateSerializer, Immutable, Alias("infermesh.PolicyListing")]
public sealed record PolicyListing([property: Id(0)] long Incarnation, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<Policy> Policies);
