namespace InferMesh.Adapters.Gpu;

/// <summary>What one GPU says about itself at one moment.</summary>
/// <remarks>
/// A value that could not be read is null and <see cref="Missing"/> says why, keyed by the property's name: an unknown
/// is never reported as zero, because zero load and zero errors are good news.
/// </remarks>
public sealed record GpuReading
{
    /// <summary>Position of the GPU in its source, from 0. Stable between reads only while no GPU comes or goes: prefer <see cref="Uuid"/>.</summary>
    public required int Index { get; init; }

    /// <summary>Identity of the GPU across reboots, for example <c>GPU-c2f76b33-…</c>.</summary>
    public string? Uuid { get; init; }

    /// <summary>Product name.</summary>
    public string? Name { get; init; }

    /// <summary>PCI address as domain:bus:device.function.</summary>
    public string? PciBusId { get; init; }

    /// <summary>Device memory in bytes.</summary>
    public long? VramTotalBytes { get; init; }

    /// <summary>Device memory that processes hold, in bytes. Where the driver tells its own reserve apart, the reserve is not counted.</summary>
    public long? VramUsedBytes { get; init; }

    /// <summary>Share of the last sample period in which a kernel was running, 0 to 1.</summary>
    public double? SmUtilization { get; init; }

    /// <summary>Share of the last sample period in which device memory was read or written, 0 to 1.</summary>
    public double? MemoryUtilization { get; init; }

    /// <summary>Core temperature in degrees Celsius.</summary>
    public double? TemperatureCelsius { get; init; }

    /// <summary>Temperature of the device memory in degrees Celsius.</summary>
    public double? MemoryTemperatureCelsius { get; init; }

    /// <summary>Share of cycles in which a streaming multiprocessor held at least one warp, over all of them, 0 to 1.</summary>
    public double? SmActive { get; init; }

    /// <summary>Share of cycles in which a tensor pipe was busy, 0 to 1.</summary>
    public double? TensorActive { get; init; }

    /// <summary>Share of cycles in which the device memory interface moved data, 0 to 1.</summary>
    public double? DramActive { get; init; }

    /// <summary>Power draw of the board in watts.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Power limit in force, in watts.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>Clock of the streaming multiprocessors in MHz.</summary>
    public int? SmClockMhz { get; init; }

    /// <summary>Clock of the device memory in MHz.</summary>
    public int? MemoryClockMhz { get; init; }

    /// <summary>Corrected ECC errors since the driver was loaded.</summary>
    public long? EccCorrectedVolatile { get; init; }

    /// <summary>Uncorrected ECC errors since the driver was loaded.</summary>
    public long? EccUncorrectedVolatile { get; init; }

    /// <summary>Corrected ECC errors over the life of the board.</summary>
    public long? EccCorrectedAggregate { get; init; }

    /// <summary>Uncorrected ECC errors over the life of the board.</summary>
    public long? EccUncorrectedAggregate { get; init; }

    /// <summary>Memory pages retired after repeated corrected errors.</summary>
    public long? RetiredPagesSingleBit { get; init; }

    /// <summary>Memory pages retired after an uncorrected error.</summary>
    public long? RetiredPagesDoubleBit { get; init; }

    /// <summary>True when a page waits for a reboot to be retired.</summary>
    public bool? RetiredPagesPending { get; init; }

    /// <summary>Memory rows remapped after corrected errors.</summary>
    public long? RemappedRowsCorrectable { get; init; }

    /// <summary>Memory rows remapped after uncorrected errors.</summary>
    public long? RemappedRowsUncorrectable { get; init; }

    /// <summary>True when a row waits for a reset to be remapped.</summary>
    public bool? RemappedRowsPending { get; init; }

    /// <summary>True when a remapping has failed: the board wants to be replaced.</summary>
    public bool? RemappedRowsFailed { get; init; }

    /// <summary>Last XID error that the driver reported, as NVIDIA numbers them; 0 when there was none since the source began to look.</summary>
    public int? LastXid { get; init; }

    /// <summary>XID errors that the driver reported since the source began to look: the same number may come again.</summary>
    public long? XidErrors { get; init; }

    /// <summary>Bytes per second that the GPU sends over PCIe.</summary>
    public double? PcieTxBytesPerSecond { get; init; }

    /// <summary>Bytes per second that the GPU receives over PCIe.</summary>
    public double? PcieRxBytesPerSecond { get; init; }

    /// <summary>PCIe packets that were sent again, since the driver was loaded.</summary>
    public long? PcieReplays { get; init; }

    /// <summary>NVLink links that are up; 0 when the GPU has none.</summary>
    public int? NvLinkActiveLinks { get; init; }

    /// <summary>Bytes per second over all NVLink links, both ways together.</summary>
    public double? NvLinkBytesPerSecond { get; init; }

    /// <summary>Bytes per second that the GPU sends over all NVLink links.</summary>
    public double? NvLinkTxBytesPerSecond { get; init; }

    /// <summary>Bytes per second that the GPU receives over all NVLink links.</summary>
    public double? NvLinkRxBytesPerSecond { get; init; }

    /// <summary>Bytes sent over all NVLink links since the counters began; they may be reset.</summary>
    public long? NvLinkTxBytesTotal { get; init; }

    /// <summary>Bytes received over all NVLink links since the counters began; they may be reset.</summary>
    public long? NvLinkRxBytesTotal { get; init; }

    /// <summary>Checksum errors over all NVLink links, of flow control and of data.</summary>
    public long? NvLinkCrcErrors { get; init; }

    /// <summary>Packets that were sent again over all NVLink links.</summary>
    public long? NvLinkReplayErrors { get; init; }

    /// <summary>Recoveries of all NVLink links.</summary>
    public long? NvLinkRecoveryErrors { get; init; }

    /// <summary>NVLink links whose other end is no GPU of this machine: those to NVLink switches.</summary>
    public int? NvSwitchLinks { get; init; }

    /// <summary>The other GPUs of the machine and the ways to them; empty when there is none.</summary>
    public IReadOnlyList<GpuPeer>? Peers { get; init; }

    /// <summary>What holds the clocks back now.</summary>
    public GpuThrottleReasons? ThrottleReasons { get; init; }

    /// <summary>True when the driver stays loaded without clients.</summary>
    public bool? PersistenceMode { get; init; }

    /// <summary>Performance state, 0 (fastest) to 15.</summary>
    public int? PerformanceState { get; init; }

    /// <summary>True when the GPU is cut into MIG slices.</summary>
    public bool? MigEnabled { get; init; }

    /// <summary>MIG slices; empty when MIG is off or nothing is cut, null when unknown.</summary>
    public IReadOnlyList<GpuMigInstance>? MigInstances { get; init; }

    /// <summary>Processes with a context on the GPU; null when unknown.</summary>
    public IReadOnlyList<GpuProcess>? Processes { get; init; }

    /// <summary>True when the GPU has fallen off the bus: it was there, and it no longer answers.</summary>
    public bool Lost { get; init; }

    /// <summary>True when the numbers are invented rather than measured.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Field name to the reason why that field is null.</summary>
    public IReadOnlyDictionary<string, string> Missing { get; init; } = MissingFields.None;
}
