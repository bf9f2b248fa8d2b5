using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Topology;

/// <summary>The APIs that take requests, and where they are; held in memory, told anew every few seconds. One for the mesh, see <see cref="Key"/>.</summary>
[Alias("infermesh.ITopologyGrain")]
public interface ITopologyGrain : IGrainWithStringKey
{
    /// <summary>Its key.</summary>
    const string Key = "topology";

    /// <summary>An API says where it is. One that has not for 20 seconds is forgotten.</summary>
    [AlwaysInterleave, Alias("Announce")] Task Announce(ApiPlace api);

    /// <summary>The APIs that are there, by name.</summary>
    [AlwaysInterleave, Alias("List")] Task<IReadOnlyList<ApiPlace>> List();
}

/// <summary>An API as a place that requests come from.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ApiPlace")]
public sealed record ApiPlace
{
    /// <summary>Name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Zone; "" when unknown.</summary>
    [Id(1)] public string Zone { get; init; } = "";

    /// <summary>Region; "" when unknown.</summary>
    [Id(2)] public string Region { get; init; } = "";

    /// <summary>Rack; "" when unknown.</summary>
    [Id(3)] public string Rack { get; init; } = "";

    /// <summary>Node that it runs on; "" when unknown or none of the mesh.</summary>
    [Id(4)] public string Node { get; init; } = "";

    /// <summary>Where it is in the space of network coordinates; null when nobody has measured it.</summary>
    [Id(5)] public NetworkCoordinate? Coordinate { get; init; }

    /// <summary>Grows when the coordinate changes: two with equal name and version are at one place.</summary>
    [Id(6)] public long Version { get; init; }
}
