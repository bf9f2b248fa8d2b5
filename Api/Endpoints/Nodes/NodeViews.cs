using InferMesh.Api.Endpoints.Topology;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Topology;
using InferMesh.Strategies.Scoring;

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

/// <summary>Why a node is in quarantine, or was before its trial.</summary>
internal sealed record QuarantineView
{
    /// <summary>What is wrong.</summary>
    public FaultKind Kind { get; init; }

    /// <summary>UUID of the GPU or endpoint of the runtime; absent for the node as a whole.</summary>
    public string? Subject { get; init; }

    /// <summary>What was read, in a sentence, or the operator's reason.</summary>
    public required string Evidence { get; init; }

    /// <summary>When it was last found.</summary>
    public DateTimeOffset FoundAt { get; init; }

    /// <summary>When the quarantine began.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When the quarantine or the trial ends, unless something is found; absent when only an operator ends it.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>How many in a row; each one lasts twice as long as the one before.</summary>
    public int Times { get; init; }

    /// <summary>The node is on trial.</summary>
    public bool Probing { get; init; }

    public static QuarantineView? Of(NodeQuarantine? quarantine) => quarantine is null ? null : new()
    {
        Kind = quarantine.Fault.Kind,
        Subject = Views.Known(quarantine.Fault.Subject),
        Evidence = quarantine.Fault.Evidence,
        FoundAt = quarantine.Fault.At,
        Since = quarantine.Since,
        Until = quarantine.Until == DateTimeOffset.MaxValue ? null : quarantine.Until,
        Times = quarantine.Times,
        Probing = quarantine.Probing,
    };
}

/// <summary>How good the readings of one kind are.</summary>
internal sealed record SignalView
{
    /// <summary>Age, seconds.</summary>
    public double AgeSeconds { get; init; }

    /// <summary>How much of a price that rests on them is known, 0 to 1: the rest is what the cost model adds for their age.</summary>
    public double Confidence { get; init; }

    public static SignalView? Of(DateTimeOffset? sampledAt, DateTimeOffset now)
    {
        if (sampledAt is not { } at) return null;
        var age = Math.Max(0, (now - at).TotalSeconds);
        return new() { AgeSeconds = Math.Round(age, 3), Confidence = Math.Round(CostModel.Confidence(age), 4) };
    }
}

/// <summary>Age and confidence of what a node says.</summary>
internal sealed record SignalsView
{
    /// <summary>GPU readings; absent when there are none.</summary>
    public SignalView? Gpus { get; init; }

    /// <summary>Runtime readings; absent when there are none.</summary>
    public SignalView? Runtimes { get; init; }
}

/// <summary>A node with its last readings.</summary>
internal sealed record NodeDetail : NodeItem
{
    /// <summary>When the health last changed.</summary>
    public DateTimeOffset HealthSince { get; init; }

    /// <summary>Why it is cordoned, draining or in maintenance; absent otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>Quarantine or trial in force; absent when there is none.</summary>
    public QuarantineView? Quarantine { get; init; }

    /// <summary>Age and confidence of the readings.</summary>
    public required SignalsView Signals { get; init; }

    /// <summary>Deadline of a drain; absent when it is not draining.</summary>
    public DateTimeOffset? DrainDeadline { get; init; }

    /// <summary>A drain has finished.</summary>
    public bool Drained { get; init; }

    /// <summary>Last GPU readings.</summary>
    public required IReadOnlyList<GpuSample> Gpus { get; init; }

    /// <summary>Last runtime readings.</summary>
    public required IReadOnlyList<RuntimeSample> Runtimes { get; init; }

    /// <summary>What it knows of its network; absent when nothing.</summary>
    public NetworkView? Network { get; init; }

    /// <summary>Storage that its agent probes.</summary>
    public required IReadOnlyList<StorageSample> Storage { get; init; }

    /// <summary>Epoch of the last telemetry batch.</summary>
    public long Epoch { get; init; }

    /// <summary>Sequence of the last telemetry batch.</summary>
    public long Sequence { get; init; }

    /// <summary>Telemetry batches dropped because they were not newer than the last.</summary>
    public long DroppedBatches { get; init; }

    public static NodeDetail Of(NodeView node, DateTimeOffset now) => new()
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
        Quarantine = QuarantineView.Of(node.Quarantine),
        Signals = new() { Gpus = SignalView.Of(node.GpusSampledAt, now), Runtimes = SignalView.Of(node.RuntimesSampledAt, now) },
        DrainDeadline = node.DrainDeadline,
        Drained = node.Drained,
        Gpus = node.Gpus,
        Runtimes = node.Runtimes,
        Network = NetworkView.Of(node.Network),
        Storage = node.Storage,
        Epoch = node.Epoch,
        Sequence = node.Sequence,
        DroppedBatches = node.DroppedBatches,
    };
}
