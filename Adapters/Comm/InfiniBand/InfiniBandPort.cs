namespace InferMesh.Adapters.Comm.InfiniBand;

/// <summary>One port of an InfiniBand or RoCE device.</summary>
/// <remarks>A value that is not known is null and <see cref="Missing"/> says why. Rates are of the window since the previous read, so the first read has none.</remarks>
public sealed record InfiniBandPort
{
    /// <summary>Device, for example <c>mlx5_0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Number of the port, from 1.</summary>
    public required int Port { get; init; }

    /// <summary><c>InfiniBand</c>, or <c>Ethernet</c> for RoCE.</summary>
    public string? LinkLayer { get; init; }

    /// <summary>Logical state: <c>DOWN</c>, <c>INIT</c>, <c>ARMED</c>, <c>ACTIVE</c> or <c>ACTIVE_DEFER</c>.</summary>
    public string? State { get; init; }

    /// <summary>State of the link below it, for example <c>LinkUp</c>, <c>Polling</c> or <c>Disabled</c>.</summary>
    public string? PhysicalState { get; init; }

    /// <summary>Data rate of the link in bytes per second, each way.</summary>
    public double? RateBytesPerSecond { get; init; }

    /// <summary>Bytes sent since the counters were reset.</summary>
    public long? TransmittedBytes { get; init; }

    /// <summary>Bytes received since the counters were reset.</summary>
    public long? ReceivedBytes { get; init; }

    /// <summary>Bytes sent per second.</summary>
    public double? TransmitBytesPerSecond { get; init; }

    /// <summary>Bytes received per second.</summary>
    public double? ReceiveBytesPerSecond { get; init; }

    /// <summary>Ticks per second in which there was data to send and none went, for want of credits or of its turn. A tick is the device's own, so this compares with itself only.</summary>
    public double? TransmitWaitTicksPerSecond { get; init; }

    /// <summary>Events per second in which packets were lost, spoilt or had to be sent again: the sum over those of <see cref="InfiniBandCounters.Loss"/> that the device has.</summary>
    public double? LossPerSecond { get; init; }

    /// <summary>Signs per second of congestion on the way or at the receiver: the sum over those of <see cref="InfiniBandCounters.Congestion"/> that the device has.</summary>
    public double? CongestionPerSecond { get; init; }

    /// <summary>Counters of errors, loss and congestion under the kernel's names, since they were reset; see <see cref="InfiniBandCounters"/>.</summary>
    public IReadOnlyDictionary<string, long> Counters { get; init; } = new Dictionary<string, long>();

    /// <summary>Time since the previous read that rates are of; null when there is no window yet.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>Name of a property or counter to the reason why it is absent.</summary>
    public IReadOnlyDictionary<string, string> Missing { get; init; } = MissingFields.None;
}

/// <summary>The ports of a machine at one moment.</summary>
/// <param name="Ports">Ports by device and number; empty when there is none or none could be listed.</param>
/// <param name="LeftOut">Ports beyond the limit, which were not read.</param>
/// <param name="Failure">Why no port could be listed; null when that went well, also where there is none.</param>
/// <param name="SampledAt">When they were read.</param>
public sealed record InfiniBandSnapshot(IReadOnlyList<InfiniBandPort> Ports, int LeftOut, string? Failure, DateTimeOffset SampledAt);
