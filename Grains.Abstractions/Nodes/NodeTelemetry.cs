using InferMesh.Grains.Abstractions.Topology;

namespace InferMesh.Grains.Abstractions.Nodes;

/// <summary>One batch of readings of one node: what an agent sends per tick. Unknown numbers are null, never zero.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeTelemetry")]
public sealed record NodeTelemetry
{
    /// <summary>Node id.</summary>
    [Id(0)] public required string NodeId { get; init; }

    /// <summary>Life of the agent: grows with each start, so that a restarted agent's sequence may begin anew.</summary>
    [Id(1)] public long Epoch { get; init; }

    /// <summary>Number of the batch within the epoch. A batch that is not newer than the last one is dropped.</summary>
    [Id(2)] public long Sequence { get; init; }

    /// <summary>When the readings were taken, by the clock of the receiver (arrival minus the age that the agent measured): agents' clocks are not trusted.</summary>
    [Id(3)] public DateTimeOffset SampledAt { get; init; }

    /// <summary>GPUs; null when the batch is not about GPUs.</summary>
    [Id(4)] public IReadOnlyList<GpuSample>? Gpus { get; init; }

    /// <summary>Runtimes; null when the batch is not about runtimes.</summary>
    [Id(5)] public IReadOnlyList<RuntimeSample>? Runtimes { get; init; }

    /// <summary>Round trip between agent and API in milliseconds, as the agent measured it.</summary>
    [Id(6)] public double? RttMs { get; init; }

    /// <summary>What the node knows of its network; null when the batch is not about it.</summary>
    [Id(7)] public NodeNetwork? Network { get; init; }

    /// <summary>Storage that the agent probes; null when the batch is not about it.</summary>
    [Id(8)] public IReadOnlyList<StorageSample>? Storage { get; init; }
}

/// <summary>Reading of one GPU or MIG slice.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.GpuSample")]
public sealed record GpuSample
{
    /// <summary>UUID of the GPU or MIG device.</summary>
    [Id(0)] public required string GpuUuid { get; init; }

    /// <summary>Product name.</summary>
    [Id(1)] public string Name { get; init; } = "";

    /// <summary>MIG profile, such as <c>1g.10gb</c>; "" for a whole GPU.</summary>
    [Id(2)] public string MigProfile { get; init; } = "";

    /// <summary>SM utilisation, 0..1.</summary>
    [Id(3)] public double? SmUtilization { get; init; }

    /// <summary>Memory-bus utilisation, 0..1.</summary>
    [Id(4)] public double? MemoryUtilization { get; init; }

    /// <summary>Memory in use, bytes.</summary>
    [Id(5)] public long? VramUsedBytes { get; init; }

    /// <summary>Memory in all, bytes.</summary>
    [Id(6)] public long? VramTotalBytes { get; init; }

    /// <summary>Core temperature, °C.</summary>
    [Id(7)] public double? TemperatureCelsius { get; init; }

    /// <summary>Power draw, watts.</summary>
    [Id(8)] public double? PowerWatts { get; init; }

    /// <summary>Uncorrected ECC errors since the driver was loaded.</summary>
    [Id(9)] public long? EccUncorrectedErrors { get; init; }

    /// <summary>Whether clocks are held down for heat, power or hardware reasons.</summary>
    [Id(10)] public bool? Throttled { get; init; }

    /// <summary>The GPU fell off the bus.</summary>
    [Id(11)] public bool Lost { get; init; }

    /// <summary>Last XID error that the driver reported, as NVIDIA numbers them; 0 when there was none since the agent began to look.</summary>
    [Id(12)] public int? LastXid { get; init; }

    /// <summary>Corrected ECC errors since the driver was loaded.</summary>
    [Id(13)] public long? EccCorrectedErrors { get; init; }

    /// <summary>A page or row of its memory waits for a reset to be taken out of use.</summary>
    [Id(14)] public bool? MemoryRepairPending { get; init; }

    /// <summary>A row of its memory could not be taken out of use: the board wants to be replaced.</summary>
    [Id(15)] public bool? MemoryRepairFailed { get; init; }

    /// <summary>Whether heat holds the clocks down.</summary>
    [Id(16)] public bool? ThermalThrottled { get; init; }

    /// <summary>NVLink links that are up; 0 when the GPU has none.</summary>
    [Id(17)] public int? NvLinkActiveLinks { get; init; }

    /// <summary>Checksum errors, repeated packets and recoveries over all NVLink links since the counters began.</summary>
    [Id(18)] public long? NvLinkErrors { get; init; }

    /// <summary>Bytes per second over all NVLink links, both ways together.</summary>
    [Id(19)] public double? NvLinkBytesPerSecond { get; init; }

    /// <summary>PCIe packets that were sent again, since the driver was loaded.</summary>
    [Id(20)] public long? PcieReplays { get; init; }

    /// <summary>Bytes per second that the GPU sends over PCIe.</summary>
    [Id(21)] public double? PcieTxBytesPerSecond { get; init; }

    /// <summary>Bytes per second that the GPU receives over PCIe.</summary>
    [Id(22)] public double? PcieRxBytesPerSecond { get; init; }

    /// <summary>XID errors since the agent began to look; null when nobody counts them.</summary>
    [Id(23)] public long? XidErrors { get; init; }
}

/// <summary>Reading of one inference runtime.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.RuntimeSample")]
public sealed record RuntimeSample
{
    /// <summary>Kind, such as <c>vllm</c>.</summary>
    [Id(0)] public required string Runtime { get; init; }

    /// <summary>Base URL that requests go to.</summary>
    [Id(1)] public required string Endpoint { get; init; }

    /// <summary>Whether the last probe succeeded.</summary>
    [Id(2)] public bool Healthy { get; init; }

    /// <summary>Why it did not; "" otherwise.</summary>
    [Id(3)] public string Error { get; init; } = "";

    /// <summary>Models that it serves.</summary>
    [Id(4)] public IReadOnlyList<ModelSample> Models { get; init; } = [];

    /// <summary>GPU type that it runs on, such as <c>H100-80G</c>; "" when unknown.</summary>
    [Id(5)] public string Gpu { get; init; } = "";

    /// <summary>Price of its GPUs in US dollars per hour.</summary>
    [Id(6)] public double? PricePerHour { get; init; }

    /// <summary>Base URL of its gRPC calls; "" when unknown.</summary>
    [Id(7)] public string GrpcEndpoint { get; init; } = "";
}

/// <summary>Reading of one model on one runtime.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ModelSample")]
public sealed record ModelSample
{
    /// <summary>Name that requests use.</summary>
    [Id(0)] public required string Model { get; init; }

    /// <summary>Revision; "" when unknown.</summary>
    [Id(1)] public string Revision { get; init; } = "";

    /// <summary>Requests in the running batch.</summary>
    [Id(2)] public double? Running { get; init; }

    /// <summary>Requests waiting in the runtime.</summary>
    [Id(3)] public double? Waiting { get; init; }

    /// <summary>KV cache in use, 0..1.</summary>
    [Id(4)] public double? KvCacheUsage { get; init; }

    /// <summary>Prompt tokens per second over the last window.</summary>
    [Id(5)] public double? PromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second over the last window.</summary>
    [Id(6)] public double? GenerationTokensPerSecond { get; init; }

    /// <summary>Time to first token, mean of the last window, seconds.</summary>
    [Id(7)] public double? TtftSeconds { get; init; }

    /// <summary>Time to first token, 95th percentile of the last window, seconds.</summary>
    [Id(8)] public double? TtftP95Seconds { get; init; }

    /// <summary>Time per output token, mean of the last window, seconds.</summary>
    [Id(9)] public double? TpotSeconds { get; init; }

    /// <summary>End-to-end latency, 95th percentile of the last window, seconds.</summary>
    [Id(10)] public double? E2eP95Seconds { get; init; }

    /// <summary>Share of prompt tokens found in the prefix cache over the last window, 0..1.</summary>
    [Id(11)] public double? PrefixCacheHitRate { get; init; }

    /// <summary>Whether it is resident.</summary>
    [Id(12)] public bool Loaded { get; init; } = true;

    /// <summary>Seconds that loading takes when it is not resident.</summary>
    [Id(13)] public double? ColdStartSeconds { get; init; }

    /// <summary>Most sequences in a batch.</summary>
    [Id(14)] public double? MaxConcurrency { get; init; }

    /// <summary>Prompt tokens per second that the GPU can process: capability, not load.</summary>
    [Id(15)] public double? PrefillCapacityTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second of a full batch: capability, not load.</summary>
    [Id(16)] public double? DecodeCapacityTokensPerSecond { get; init; }

    /// <summary>Seconds per output token of a lone sequence: capability, not load.</summary>
    [Id(17)] public double? MinSecondsPerToken { get; init; }

    /// <summary>LoRA adapters that are loaded.</summary>
    [Id(18)] public IReadOnlyList<string> LoraAdapters { get; init; } = [];
}
