using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Probing;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>Readings of network and storage on the wire. What is unknown stays absent.</summary>
internal static class NetworkMapping
{
    // What one report may hold.
    private const int MaxPorts = 256, MaxStorages = 64;
    private const double MaxAgeMs = 86_400_000;

    public static NetworkState? ToNetwork(InfiniBandSnapshot? snapshot)
    {
        if (snapshot is null)
            return null;
        var state = new NetworkState();
        state.Links.AddRange(snapshot.Ports.Take(MaxPorts).Select(ToLink));
        return state;
    }

    public static StorageBatch? ToStorage(StoragePart? part, TimeProvider time)
    {
        if (part is null)
            return null;
        var batch = new StorageBatch();
        batch.Storages.AddRange(part.Storages.Take(MaxStorages).Select(entry => ToStorage(entry, time)));
        return batch;
    }

    private static LinkState ToLink(InfiniBandPort port)
    {
        var state = new LinkState { Port = FormattableString.Invariant($"{port.Device}/{port.Port}"), LinkLayer = port.LinkLayer ?? "", State = port.State ?? "" };
        ReportMapping.Set(port.RateBytesPerSecond, value => state.RateBytesPerSecond = value);
        ReportMapping.Set(port.TransmitBytesPerSecond, value => state.TransmitBytesPerSecond = value);
        ReportMapping.Set(port.ReceiveBytesPerSecond, value => state.ReceiveBytesPerSecond = value);
        ReportMapping.Set(port.LossPerSecond, value => state.LossPerSecond = value);
        ReportMapping.Set(port.CongestionPerSecond, value => state.CongestionPerSecond = value);
        return state;
    }

    private static StorageState ToStorage(StorageEntry entry, TimeProvider time)
    {
        var reading = entry.Reading;
        var state = new StorageState { Name = reading.Name, Kind = reading.Kind, Healthy = reading.Healthy, Error = reading.Error ?? "" };
        ReportMapping.Set(reading.LatencySeconds, value => state.LatencySeconds = value);
        ReportMapping.Set(reading.WriteBytesPerSecond, value => state.WriteBytesPerSecond = value);
        ReportMapping.Set(reading.ReadBytesPerSecond, value => state.ReadBytesPerSecond = value);
        ReportMapping.Set(reading.FirstByteSeconds, value => state.FirstByteSeconds = value);
        if (reading.ReadMayBeCached is { } cached)
            state.ReadMayBeCached = cached;
        if (reading.FreeBytes is { } free)
            state.FreeBytes = free;
        if (reading.TotalBytes is { } total)
            state.TotalBytes = total;
        state.AgeMs = Math.Clamp(time.GetElapsedTime(entry.SampledAt).TotalMilliseconds, 0, MaxAgeMs);
        return state;
    }
}
