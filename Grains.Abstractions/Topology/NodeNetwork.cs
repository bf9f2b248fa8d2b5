namespace InferMesh.Grains.Abstractions.Topology;

/// <summary>A place in the space of network coordinates (Vivaldi with heights).</summary>
/// <param name="Position">Coordinates in milliseconds.</param>
/// <param name="HeightMs">Milliseconds to the core of the network, above 0.</param>
/// <param name="Error">Error of what it tells as a share of it, 0..1; 1 when nothing is known.</param>
[GenerateSerializer, Immutable, Alias("infermesh.NetworkCoordinate")]
public sealed record NetworkCoordinate([property: Id(0)] double[] Position, [property: Id(1)] double HeightMs, [property: Id(2)] double Error);

/// <summary>A round trip that a node measured.</summary>
/// <param name="Api">Name of the API at the other end.</param>
/// <param name="RttMs">Milliseconds, the least of the last few.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RttSample")]
public readonly record struct RttSample([property: Id(0)] string Api, [property: Id(1)] double RttMs);

/// <summary>What a node knows of its network.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeNetwork")]
public sealed record NodeNetwork
{
    /// <summary>Where it is; null when unknown.</summary>
    [Id(0)] public NetworkCoordinate? Coordinate { get; init; }

    /// <summary>Round trips to the APIs that it measures, by name.</summary>
    [Id(1)] public RttSample[] Rtts { get; init; } = [];

    /// <summary>Ports of InfiniBand and RoCE devices.</summary>
    [Id(2)] public IReadOnlyList<LinkSample> Links { get; init; } = [];

    /// <summary>Bytes per second that its ports still let through together, the busier way; null when no port says.</summary>
    public double? FreeBytesPerSecond()
    {
        double? free = null;
        foreach (var link in Links)
        {
            if (!link.IsUp || link.RateBytesPerSecond is not { } rate) continue;
            free = (free ?? 0) + Math.Max(0, rate - Math.Max(link.TransmitBytesPerSecond ?? 0, link.ReceiveBytesPerSecond ?? 0));
        }
        return free;
    }
}

/// <summary>Reading of one port of an InfiniBand or RoCE device.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.LinkSample")]
public sealed record LinkSample
{
    /// <summary>Device and port, such as <c>mlx5_0/1</c>.</summary>
    [Id(0)] public required string Port { get; init; }

    /// <summary><c>InfiniBand</c>, or <c>Ethernet</c> for RoCE; "" when unknown.</summary>
    [Id(1)] public string LinkLayer { get; init; } = "";

    /// <summary>Logical state, such as <c>ACTIVE</c>; "" when unknown.</summary>
    [Id(2)] public string State { get; init; } = "";

    /// <summary>Data rate of the link in bytes per second, each way.</summary>
    [Id(3)] public double? RateBytesPerSecond { get; init; }

    /// <summary>Bytes sent per second.</summary>
    [Id(4)] public double? TransmitBytesPerSecond { get; init; }

    /// <summary>Bytes received per second.</summary>
    [Id(5)] public double? ReceiveBytesPerSecond { get; init; }

    /// <summary>Events per second in which packets were lost, spoilt or sent again.</summary>
    [Id(6)] public double? LossPerSecond { get; init; }

    /// <summary>Signs of congestion per second.</summary>
    [Id(7)] public double? CongestionPerSecond { get; init; }

    /// <summary>Data can flow.</summary>
    public bool IsUp => State is "ACTIVE" or "ACTIVE_DEFER" or "";
}

/// <summary>What a probe of a storage measured, such as a checkpoint store.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.StorageSample")]
public sealed record StorageSample
{
    /// <summary>Name that its operator gave it.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary><c>file</c> or <c>s3</c>.</summary>
    [Id(1)] public string Kind { get; init; } = "";

    /// <summary>Everything that was tried worked.</summary>
    [Id(2)] public bool Healthy { get; init; }

    /// <summary>What went wrong; "" when nothing did.</summary>
    [Id(3)] public string Error { get; init; } = "";

    /// <summary>Seconds of the smallest useful operation.</summary>
    [Id(4)] public double? LatencySeconds { get; init; }

    /// <summary>Bytes written per second, to stable storage.</summary>
    [Id(5)] public double? WriteBytesPerSecond { get; init; }

    /// <summary>Bytes read per second.</summary>
    [Id(6)] public double? ReadBytesPerSecond { get; init; }

    /// <summary>Seconds to the first byte of a read.</summary>
    [Id(7)] public double? FirstByteSeconds { get; init; }

    /// <summary>The page cache may have answered the read.</summary>
    [Id(8)] public bool? ReadMayBeCached { get; init; }

    /// <summary>Bytes that may still be written.</summary>
    [Id(9)] public long? FreeBytes { get; init; }

    /// <summary>Bytes in all.</summary>
    [Id(10)] public long? TotalBytes { get; init; }

    /// <summary>When it was measured, by the clock of the receiver.</summary>
    [Id(11)] public DateTimeOffset SampledAt { get; init; }
}
