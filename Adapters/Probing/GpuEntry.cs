namespace InferMesh.Adapters.Probing;

/// <summary>One schedulable GPU: a whole one, or a MIG slice of one.</summary>
public sealed record GpuEntry
{
    /// <summary>UUID of the GPU or slice.</summary>
    public required string Uuid { get; init; }

    /// <summary>Product name; "" when unknown.</summary>
    public string Name { get; init; } = "";

    /// <summary>MIG profile, for example <c>1g.10gb</c>; "" for a whole GPU.</summary>
    public string MigProfile { get; init; } = "";

    /// <summary>SM utilisation, 0 to 1; null when unknown, as it is for a slice.</summary>
    public double? SmUtilization { get; init; }

    /// <summary>Memory-bus utilisation, 0 to 1; null when unknown, as it is for a slice.</summary>
    public double? MemoryUtilization { get; init; }

    /// <summary>Memory in use, in bytes.</summary>
    public long? VramUsedBytes { get; init; }

    /// <summary>Memory in all, in bytes.</summary>
    public long? VramTotalBytes { get; init; }

    /// <summary>Core temperature in degrees Celsius.</summary>
    public double? TemperatureCelsius { get; init; }

    /// <summary>Power draw in watts; of slices the first carries that of the board, so that a sum over a node stays right.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Uncorrected ECC errors since the driver was loaded.</summary>
    public long? EccUncorrectedErrors { get; init; }

    /// <summary>Whether heat, power or faulty hardware holds the clocks down.</summary>
    public bool? Throttled { get; init; }

    /// <summary>The GPU fell off the bus.</summary>
    public bool Lost { get; init; }

    /// <summary>Last XID error that the driver reported, as NVIDIA numbers them; 0 when there was none since the agent began to look.</summary>
    public int? LastXid { get; init; }

    /// <summary>XID errors since the agent began to look.</summary>
    public long? XidErrors { get; init; }

    /// <summary>Corrected ECC errors since the driver was loaded.</summary>
    public long? EccCorrectedErrors { get; init; }

    /// <summary>A page or row of its memory waits for a reset to be taken out of use.</summary>
    public bool? MemoryRepairPending { get; init; }

    /// <summary>A row of its memory could not be taken out of use: the board wants to be replaced.</summary>
    public bool? MemoryRepairFailed { get; init; }

    /// <summary>Whether heat holds the clocks down.</summary>
    public bool? ThermalThrottled { get; init; }

    /// <summary>NVLink links that are up; 0 when the GPU has none.</summary>
    public int? NvLinkActiveLinks { get; init; }

    /// <summary>Checksum errors, repeated packets and recoveries over all NVLink links since the counters began.</summary>
    public long? NvLinkErrors { get; init; }

    /// <summary>Bytes per second over all NVLink links, both ways together.</summary>
    public double? NvLinkBytesPerSecond { get; init; }

    /// <summary>PCIe packets that were sent again, since the driver was loaded.</summary>
    public long? PcieReplays { get; init; }

    /// <summary>Bytes per second that the GPU sends over PCIe.</summary>
    public double? PcieTxBytesPerSecond { get; init; }

    /// <summary>Bytes per second that the GPU receives over PCIe.</summary>
    public double? PcieRxBytesPerSecond { get; init; }
}
