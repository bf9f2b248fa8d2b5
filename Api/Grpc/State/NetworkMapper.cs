using InferMesh.Grains.Abstractions.Topology;
using InferMesh.State.V1;
using RttSample = InferMesh.Grains.Abstractions.Topology.RttSample;

namespace InferMesh.Api.Grpc.State;

/// <summary>Network and storage between the wire and the contracts. What a message leaves out stays unknown.</summary>
internal static class NetworkMapper
{
    public static NetworkCoordinate ToCoordinate(Coordinate coordinate) => new([.. coordinate.Position], coordinate.HeightMs, coordinate.Error);

    public static Coordinate? ToProto(NetworkCoordinate? coordinate) =>
        coordinate is null ? null : new() { Position = { coordinate.Position }, HeightMs = coordinate.HeightMs, Error = coordinate.Error };

    public static NodeNetwork ToNetwork(NetworkState network) => new()
    {
        Coordinate = network.Coordinate is null ? null : ToCoordinate(network.Coordinate),
        Rtts = [.. network.Rtts.Select(static rtt => new RttSample(rtt.Api, rtt.RttMs))],
        Links = [.. network.Links.Select(ToLink)],
    };

    public static IReadOnlyList<StorageSample> ToStorage(StorageBatch batch, DateTimeOffset arrival) => [.. batch.Storages.Select(storage => ToStorage(storage, arrival))];

    private static LinkSample ToLink(LinkState link) => new()
    {
        Port = link.Port,
        LinkLayer = link.LinkLayer,
        State = link.State,
        RateBytesPerSecond = link.HasRateBytesPerSecond ? link.RateBytesPerSecond : null,
        TransmitBytesPerSecond = link.HasTransmitBytesPerSecond ? link.TransmitBytesPerSecond : null,
        ReceiveBytesPerSecond = link.HasReceiveBytesPerSecond ? link.ReceiveBytesPerSecond : null,
        LossPerSecond = link.HasLossPerSecond ? link.LossPerSecond : null,
        CongestionPerSecond = link.HasCongestionPerSecond ? link.CongestionPerSecond : null,
    };

    private static StorageSample ToStorage(StorageState storage, DateTimeOffset arrival) => new()
    {
        Name = storage.Name,
        Kind = storage.Kind,
        Healthy = storage.Healthy,
        Error = storage.Error,
        LatencySeconds = storage.HasLatencySeconds ? storage.LatencySeconds : null,
        WriteBytesPerSecond = storage.HasWriteBytesPerSecond ? storage.WriteBytesPerSecond : null,
        ReadBytesPerSecond = storage.HasReadBytesPerSecond ? storage.ReadBytesPerSecond : null,
        FirstByteSeconds = storage.HasFirstByteSeconds ? storage.FirstByteSeconds : null,
        ReadMayBeCached = storage.HasReadMayBeCached ? storage.ReadMayBeCached : null,
        FreeBytes = storage.HasFreeBytes ? storage.FreeBytes : null,
        TotalBytes = storage.HasTotalBytes ? storage.TotalBytes : null,
        SampledAt = arrival - TimeSpan.FromMilliseconds(storage.AgeMs),
    };
}
