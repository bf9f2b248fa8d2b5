using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Topology;
using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Cells;

/// <summary>Summary of the nodes of one cell; held in memory, rebuilt from its nodes. Key: cell id.</summary>
[Alias("infermesh.ICellSummaryGrain")]
public interface ICellSummaryGrain : IGrainWithStringKey
{
    /// <summary>Takes the newest summary of a node; an older one is dropped.</summary>
    [AlwaysInterleave, Alias("Report")] Task Report(NodeSummary summary);

    /// <summary>Forgets a node.</summary>
    [AlwaysInterleave, Alias("Forget")] Task Forget(string nodeId);

    /// <summary>The snapshot as soon as it is newer than the one that the caller has, or null after <paramref name="wait"/>.</summary>
    /// <param name="incarnation">Incarnation of the caller's snapshot; 0 when it has none.</param>
    /// <param name="version">Version of the caller's snapshot.</param>
    /// <param name="wait">How long to wait at most; below the response timeout.</param>
    [AlwaysInterleave, Alias("WaitForNewer")] Task<CellSnapshot?> WaitForNewer(long incarnation, long version, TimeSpan wait);

    /// <summary>The current snapshot.</summary>
    [AlwaysInterleave, Alias("Snapshot")] Task<CellSnapshot> Snapshot();
}

/// <summary>What a node tells its cell.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeSummary")]
public sealed record NodeSummary
{
    /// <summary>Registration.</summary>
    [Id(0)] public required NodeRegistration Registration { get; init; }

    /// <summary>Version of the registration and the operator's flags.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>An operator keeps new work away.</summary>
    [Id(2)] public bool Cordoned { get; init; }

    /// <summary>The node drains.</summary>
    [Id(3)] public bool Draining { get; init; }

    /// <summary>Epoch of the readings.</summary>
    [Id(4)] public long Epoch { get; init; }

    /// <summary>Sequence of the readings.</summary>
    [Id(5)] public long Sequence { get; init; }

    /// <summary>When the readings were taken; null when there are none.</summary>
    [Id(6)] public DateTimeOffset? SampledAt { get; init; }

    /// <summary>GPUs in total: count, memory, mean utilisation, hottest.</summary>
    [Id(7)] public GpuTotals Gpus { get; init; } = new(0, "", 0, 0, null, null, null);

    /// <summary>Runtimes with their models.</summary>
    [Id(8)] public IReadOnlyList<RuntimeSample> Runtimes { get; init; } = [];

    /// <summary>Round trip to the API in milliseconds.</summary>
    [Id(9)] public double? RttMs { get; init; }

    /// <summary>An operator works on the node.</summary>
    [Id(10)] public bool Maintained { get; init; }

    /// <summary>Quarantine or trial in force; null when there is none.</summary>
    [Id(11)] public NodeQuarantine? Quarantine { get; init; }

    /// <summary>What the node knows of its network; null when nothing.</summary>
    [Id(12)] public NodeNetwork? Network { get; init; }
}

/// <summary>GPUs of a node in total.</summary>
/// <param name="Count">GPUs and MIG slices.</param>
/// <param name="Name">Product name of the first.</param>
/// <param name="VramTotalBytes">Memory in all.</param>
/// <param name="VramUsedBytes">Memory in use.</param>
/// <param name="SmUtilization">Mean SM utilisation, 0..1; null when unknown.</param>
/// <param name="MaxTemperatureCelsius">Hottest GPU; null when unknown.</param>
/// <param name="PowerWatts">Power of all; null when unknown.</param>
[GenerateSerializer, Immutable, Alias("infermesh.GpuTotals")]
public sealed record GpuTotals(
    [property: Id(0)] int Count, [property: Id(1)] string Name, [property: Id(2)] long VramTotalBytes, [property: Id(3)] long VramUsedBytes,
    [property: Id(4)] double? SmUtilization, [property: Id(5)] double? MaxTemperatureCelsius, [property: Id(6)] double? PowerWatts);

/// <summary>
/// A cell at one moment as a struct of arrays: one entry per node in <see cref="Nodes"/>, one per runtime and model in
/// <see cref="Targets"/>. <see cref="double.NaN"/> means unknown.
/// </summary>
[GenerateSerializer, Immutable, Alias("infermesh.CellSnapshot")]
public sealed record CellSnapshot
{
    /// <summary>Cell id.</summary>
    [Id(0)] public required string CellId { get; init; }

    /// <summary>Life of the summary grain: a new activation starts a new one, greater than all before.</summary>
    [Id(1)] public long Incarnation { get; init; }

    /// <summary>Grows with each snapshot of the incarnation.</summary>
    [Id(2)] public long Version { get; init; }

    /// <summary>When it was built.</summary>
    [Id(3)] public DateTimeOffset BuiltAt { get; init; }

    /// <summary>Nodes, by id.</summary>
    [Id(4)] public required NodeColumns Nodes { get; init; }

    /// <summary>Targets, by node.</summary>
    [Id(5)] public required TargetColumns Targets { get; init; }
}

/// <summary>Columns of the nodes of a cell; all arrays have one entry per node.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeColumns")]
public sealed record NodeColumns
{
    /// <summary>Registration of each node.</summary>
    [Id(0)] public required NodeRegistration[] Registration { get; init; }

    /// <summary>Health of each node.</summary>
    [Id(1)] public required NodeHealth[] Health { get; init; }

    /// <summary>UTC ticks of each node's readings; 0 when there are none.</summary>
    [Id(2)] public required long[] SampledAtTicks { get; init; }

    /// <summary>GPUs of each node.</summary>
    [Id(3)] public required GpuTotals[] Gpus { get; init; }

    /// <summary>Round trip of each node in milliseconds.</summary>
    [Id(4)] public required double[] RttMs { get; init; }

    /// <summary>Version of each node's persisted part.</summary>
    [Id(5)] public required long[] Version { get; init; }

    /// <summary>What each node knows of its network; null when nothing. Shorter than the other columns when nobody knows anything.</summary>
    [Id(6)] public NodeNetwork?[] Network { get; init; } = [];
}

/// <summary>Columns of the targets of a cell; all arrays have one entry per runtime and model.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.TargetColumns")]
public sealed record TargetColumns
{
    /// <summary>Index into the node columns.</summary>
    [Id(0)] public required int[] Node { get; init; }

    /// <summary>Model name.</summary>
    [Id(1)] public required string[] Model { get; init; }

    /// <summary>Revision; "" when unknown.</summary>
    [Id(2)] public required string[] Revision { get; init; }

    /// <summary>Runtime kind.</summary>
    [Id(3)] public required string[] Runtime { get; init; }

    /// <summary>Base URL.</summary>
    [Id(4)] public required string[] Endpoint { get; init; }

    /// <summary>GPU type.</summary>
    [Id(5)] public required string[] Gpu { get; init; }

    /// <summary>Whether the runtime answers its probes.</summary>
    [Id(6)] public required bool[] Healthy { get; init; }

    /// <summary>Whether the model is resident.</summary>
    [Id(7)] public required bool[] Loaded { get; init; }

    /// <summary>Requests in the batch.</summary>
    [Id(8)] public required double[] Running { get; init; }

    /// <summary>Requests waiting.</summary>
    [Id(9)] public required double[] Waiting { get; init; }

    /// <summary>KV cache in use, 0..1.</summary>
    [Id(10)] public required double[] KvCacheUsage { get; init; }

    /// <summary>Most sequences in a batch.</summary>
    [Id(11)] public required double[] MaxConcurrency { get; init; }

    /// <summary>Prefill capability, tokens per second.</summary>
    [Id(12)] public required double[] PrefillTokensPerSecond { get; init; }

    /// <summary>Decode capability, tokens per second.</summary>
    [Id(13)] public required double[] DecodeTokensPerSecond { get; init; }

    /// <summary>Seconds per token of a lone sequence.</summary>
    [Id(14)] public required double[] MinSecondsPerToken { get; init; }

    /// <summary>Seconds until the model answers; 0 when resident.</summary>
    [Id(15)] public required double[] ColdStartSeconds { get; init; }

    /// <summary>US dollars per hour.</summary>
    [Id(16)] public required double[] PricePerHour { get; init; }

    /// <summary>Generated tokens per second over the last window.</summary>
    [Id(17)] public required double[] GenerationTokensPerSecond { get; init; }

    /// <summary>TTFT, 95th percentile of the last window, seconds.</summary>
    [Id(18)] public required double[] TtftP95Seconds { get; init; }

    /// <summary>Base URL of gRPC calls; "" when unknown. Shorter than the other columns when nobody says.</summary>
    [Id(19)] public string[] GrpcEndpoint { get; init; } = [];
}
