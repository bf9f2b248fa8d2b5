using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Nodes;

/// <summary>GPUs of a node in total.</summary>
internal sealed record GpuTotalsView
{
    /// <summary>GPUs and MIG slices.</summary>
    public int Count { get; init; }

    /// <summary>Product name of the first; absent when unknown.</summary>
    public string? Name { get; init; }

    /// <summary>Memory in all, bytes.</summary>
    public long VramTotalBytes { get; init; }

    /// <summary>Memory in use, bytes.</summary>
    public long VramUsedBytes { get; init; }

    /// <summary>Mean SM utilisation, 0 to 1; absent when unknown.</summary>
    public double? SmUtilization { get; init; }

    /// <summary>Hottest GPU, °C; absent when unknown.</summary>
    public double? MaxTemperatureCelsius { get; init; }

    /// <summary>Power of all, watts; absent when unknown.</summary>
    public double? PowerWatts { get; init; }
}

/// <summary>A node in a list.</summary>
internal record NodeItem
{
    /// <summary>Node id.</summary>
    public required string Id { get; init; }

    /// <summary>Cell.</summary>
    public required string Cell { get; init; }

    /// <summary>Zone; absent when unknown.</summary>
    public string? Zone { get; init; }

    /// <summary>Region; absent when unknown.</summary>
    public string? Region { get; init; }

    /// <summary>What fails together with this node; absent when it is the zone, else the node itself.</summary>
    public string? FailureDomain { get; init; }

    /// <summary>Labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Roles.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>True for a simulated node.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Health now.</summary>
    public NodeHealth Health { get; init; }

    /// <summary>Version of the registration and the operator's flags.</summary>
    public long Version { get; init; }

    /// <summary>When the last readings were taken; absent when there are none.</summary>
    public DateTimeOffset? SampledAt { get; init; }

    /// <summary>Round trip to the API in milliseconds; absent when unknown.</summary>
    public double? RttMs { get; init; }
}

/// <summary>A node in a list, with what it has in total.</summary>
internal sealed record NodeSummaryItem : NodeItem
{
    /// <summary>GPUs in total.</summary>
    public required GpuTotalsView Gpus { get; init; }

    /// <summary>Models that it serves, by name.</summary>
    public required IReadOnlyList<string> Models { get; init; }
}

/// <summary>A node with its last readings.</summary>
internal sealed record NodeDetail : NodeItem
{
    /// <summary>When the health last changed.</summary>
    public DateTimeOffset HealthSince { get; init; }

    /// <summary>Why it is cordoned or draining; absent otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>Deadline of a drain; absent when it is not draining.</summary>
    public DateTimeOffset? DrainDeadline { get; init; }

    /// <summary>A drain has finished.</summary>
    public bool Drained { get; init; }

    /// <summary>Last GPU readings.</summary>
    public required IReadOnlyList<GpuSample> Gpus { get; init; }

    /// <summary>Last runtime readings.</summary>
    public required IReadOnlyList<RuntimeSample> Runtimes { get; init; }

    /// <summary>Epoch of the last telemetry batch.</summary>
    public long Epoch { get; init; }

    /// <summary>Sequence of the last telemetry batch.</summary>
    public long Sequence { get; init; }

    /// <summary>Telemetry batches dropped because they were not newer than the last.</summary>
    public long DroppedBatches { get; init; }

    public static NodeDetail Of(NodeView node) => new()
    {
        Id = node.Registration.NodeId,
        Cell = node.Registration.CellId,
        Zone = Views.Known(node.Registration.Zone),
        Region = Views.Known(node.Registration.Region),
        FailureDomain = Views.Known(node.Registration.FailureDomain),
        Labels = node.Registration.Labels,
        Roles = node.Registration.Roles,
        Synthetic = node.Registration.Synthetic,
        Health = node.Health,
        Version = node.Version,
        SampledAt = node.SampledAt,
        RttMs = Views.Known(node.RttMs),
        HealthSince = node.HealthSince,
        Reason = Views.Known(node.Reason),
        DrainDeadline = node.DrainDeadline,
        Drained = node.Drained,
        Gpus = node.Gpus,
        Runtimes = node.Runtimes,
        Epoch = node.Epoch,
        Sequence = node.Sequence,
        DroppedBatches = node.DroppedBatches,
    };
}
