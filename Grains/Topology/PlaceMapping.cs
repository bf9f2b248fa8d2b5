using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Strategies.Topology;

namespace InferMesh.Grains.Topology;

/// <summary>The one mapping between places on the wire and those of the decision kernel.</summary>
internal static class PlaceMapping
{
    public static NodePlace? ToPlace(NodeNetwork? network) => network is null || (network.Coordinate is null && network.Rtts.Length == 0) ? null
        : new(ToCoordinate(network.Coordinate), Array.ConvertAll(network.Rtts, r => new MeasuredRtt(r.Api, r.RttMs)), network.FreeBytesPerSecond() ?? double.NaN);

    public static OriginPlace? ToPlace(ApiPlace? api) => api is null ? null : new(api.Name, ToCoordinate(api.Coordinate), api.Version);

    public static VivaldiCoordinate? ToCoordinate(NetworkCoordinate? coordinate) => coordinate is null ? null : new(coordinate.Position, coordinate.HeightMs, coordinate.Error);
}
