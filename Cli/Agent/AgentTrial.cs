using System.Globalization;
using System.Runtime.CompilerServices;
using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Storage;
using InferMesh.Adapters.Storage.S3;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Agent;

/// <summary>Tries the network and the storage that a configuration names, once, and says in words what they did.</summary>
internal static class AgentTrial
{
    private const double Mega = 1e6, Giga = 1e9, MsPerSecond = 1000, BitsPerByte = 8;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    public static async IAsyncEnumerable<string> ReadAsync(AgentConfig config, InfiniBandOptions infiniBand, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (config.InfiniBand)
        {
            // Rates take two reads.
            var source = new InfiniBandSource(infiniBand, time);
            source.Read();
            await Task.Delay(Window, time, cancellationToken);
            foreach (var line in Lines(source.Read()))
                yield return line;
        }

        using var clients = new ProbeClients();
        foreach (var storage in config.Storage)
            yield return Line(await Probe(storage, clients, time).ReadAsync(cancellationToken));
    }

    internal static IStorageProbe Probe(StorageConfig storage, ProbeClients clients, TimeProvider time) => storage switch
    {
        { File: { } file } => new FileStorageProbe(file, time),
        { S3: { } s3 } => new S3StorageProbe(clients.For(storage.Tls), s3, time),
        _ => throw new ArgumentException("a storage is a folder or an object", nameof(storage)),
    };

    private static IEnumerable<string> Lines(InfiniBandSnapshot snapshot)
    {
        if (snapshot.Failure is { } failure)
            yield return $"network  {failure}";
        else if (snapshot.Ports.Count == 0)
            yield return "network  there is no InfiniBand or RoCE port";
        foreach (var port in snapshot.Ports)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"network  {port.Device}/{port.Port} {port.LinkLayer ?? "?"} {port.State ?? "?"}, {Number(port.RateBytesPerSecond, BitsPerByte / Giga)} Gbit/s, ")
                + $"sends {Number(port.TransmitBytesPerSecond, 1 / Mega)} and receives {Number(port.ReceiveBytesPerSecond, 1 / Mega)} MB/s, "
                + $"loss {Number(port.LossPerSecond, 1)} and congestion {Number(port.CongestionPerSecond, 1)} per second";
        }

        if (snapshot.LeftOut > 0)
            yield return string.Create(CultureInfo.InvariantCulture, $"network  {snapshot.LeftOut} more ports");
    }

    private static string Line(StorageReading reading) => !reading.Healthy
        ? $"storage  {reading.Name}: {reading.Error}"
        : $"storage  {reading.Name}: latency {Number(reading.LatencySeconds, MsPerSecond)} ms, "
            + (reading.WriteBytesPerSecond is { } write ? $"writes {Number(write, 1 / Mega)} MB/s, " : "")
            + $"reads {Number(reading.ReadBytesPerSecond, 1 / Mega)} MB/s{(reading.ReadMayBeCached == true ? " (may be cached)" : "")}"
            + (reading.FreeBytes is { } free ? $", {Number(free, 1 / Giga)} GB free" : "");

    private static string Number(double? value, double scale) => value is { } known ? (known * scale).ToString("0.###", CultureInfo.InvariantCulture) : "?";
}
