using InferMesh.Grains.Abstractions.Policies;
using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Endpoints;

/// <summary>One versioned endpoint: validated, compared and set, with history and rollback. Key: its name.</summary>
[Alias("infermesh.IEndpointGrain")]
public interface IEndpointGrain : IGrainWithStringKey
{
    /// <summary>The newest version; null when there is none or it is deleted.</summary>
    [AlwaysInterleave, Alias("Get")] Task<MeshEndpoint?> Get();

    /// <summary>Writes a version.</summary>
    /// <param name="spec">Content.</param>
    /// <param name="expected">Version that must be current, or one of <see cref="PolicyVersions"/>.</param>
    /// <param name="actor">Who writes.</param>
    [Alias("Put")] Task<EndpointResult> Put(EndpointSpec spec, long expected, string actor);

    /// <summary>All that is wrong with the content, names that other endpoints have included; nothing is written.</summary>
    [AlwaysInterleave, Alias("Check")] Task<IReadOnlyList<FieldError>> Check(EndpointSpec spec);

    /// <summary>Deletes it and frees its names; the history stays.</summary>
    [Alias("Delete")] Task<EndpointResult> Delete(long expected, string actor);

    /// <summary>The last versions, newest first, at most <see cref="PolicyVersions.HistoryLength"/>; empty when the endpoint never existed.</summary>
    [AlwaysInterleave, Alias("History")] Task<IReadOnlyList<MeshEndpoint>> History();

    /// <summary>Writes the content of an old version as a new one.</summary>
    [Alias("Rollback")] Task<EndpointResult> Rollback(long version, long expected, string actor);
}

/// <summary>Answer to a call that changes an endpoint.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Endpoint">The endpoint as it is now; null when there is none.</param>
/// <param name="CurrentVersion">Version that is current, also after a conflict; 0 when the endpoint does not exist.</param>
/// <param name="Errors">All that is wrong with the content; with <see cref="PolicyStatus.Conflict"/> the names that other endpoints have.</param>
[GenerateSerializer, Immutable, Alias("infermesh.EndpointResult")]
public sealed record EndpointResult(
    [property: Id(0)] PolicyStatus Status, [property: Id(1)] MeshEndpoint? Endpoint, [property: Id(2)] long CurrentVersion, [property: Id(3)] IReadOnlyList<FieldError> Errors)
{
    /// <summary>Refused because another endpoint has the name or an alias.</summary>
    public bool NameTaken => Status == PolicyStatus.Conflict && Errors.Count > 0;
}

/// <summary>All current endpoints of the cluster, for those who route and for listings. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IEndpointIndexGrain")]
public interface IEndpointIndexGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "endpoints";

    /// <summary>Takes a changed endpoint; an older version than the one held is dropped.</summary>
    [AlwaysInterleave, Alias("Changed")] Task Changed(MeshEndpoint endpoint);

    /// <summary>All endpoints that exist, by name.</summary>
    [AlwaysInterleave, Alias("List")] Task<EndpointListing> List();

    /// <summary>The listing as soon as it is newer than the caller's, or null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("WaitForNewer")] Task<EndpointListing?> WaitForNewer(long incarnation, long version, TimeSpan wait);
}

/// <summary>All endpoints at one moment.</summary>
/// <param name="Incarnation">Life of the index grain.</param>
/// <param name="Version">Grows with each change within the incarnation.</param>
/// <param name="Endpoints">Endpoints by name.</param>
[GenerateSerializer, Immutable, Alias("infermesh.EndpointListing")]
public sealed record EndpointListing([property: Id(0)] long Incarnation, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<MeshEndpoint> Endpoints);

/// <summary>Whose each name and alias is: a name belongs to one endpoint of the cluster. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IEndpointNamesGrain")]
public interface IEndpointNamesGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "endpoint-names";

    /// <summary>Takes all names for the endpoint, or none. Durable when it returns.</summary>
    /// <returns>Names that others have, with their owners; empty when the endpoint has them all now.</returns>
    [Alias("Claim")] Task<IReadOnlyDictionary<string, string>> Claim(string endpoint, IReadOnlyList<string> names);

    /// <summary>Of these names, those that others have, with their owners; takes none.</summary>
    [Alias("Taken")] Task<IReadOnlyDictionary<string, string>> Taken(string endpoint, IReadOnlyList<string> names);

    /// <summary>Frees all names of the endpoint but these. Durable when it returns.</summary>
    [Alias("KeepOnly")] Task KeepOnly(string endpoint, IReadOnlyList<string> names);
}
