using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Topology;
using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Nodes;

/// <summary>One node: registration and operator's flags (persisted), telemetry and health (rebuilt from reports). Key: node id.</summary>
[Alias("infermesh.INodeGrain")]
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Registers the node, or replaces its registration; idempotent.</summary>
    /// <returns>The outcome; <see cref="NodeCommandStatus.Invalid"/> lists every bad field.</returns>
    [Alias("Register")] Task<NodeCommandResult> Register(NodeRegistration registration, string actor);

    /// <summary>The same against a version: 0 for a node that is not registered; another one is <see cref="NodeCommandStatus.Conflict"/>.</summary>
    [Alias("RegisterAt")] Task<NodeCommandResult> RegisterAt(NodeRegistration registration, long expected, string actor);

    /// <summary>All that is wrong with a registration; nothing is written.</summary>
    [AlwaysInterleave, Alias("Check")] Task<IReadOnlyList<FieldError>> Check(NodeRegistration registration);

    /// <summary>Keeps new work away. Running work goes on.</summary>
    [Alias("Cordon")] Task<NodeCommandResult> Cordon(string reason, string actor);

    /// <summary>Keeps new work away as if a fault had been found, until an operator ends it.</summary>
    [Alias("Quarantine")] Task<NodeCommandResult> Quarantine(string reason, string actor);

    /// <summary>Keeps new work away while the node is worked on: it may be silent and restart without being taken for offline or faulty.</summary>
    [Alias("Maintain")] Task<NodeCommandResult> Maintain(string reason, string actor);

    /// <summary>Tells the node what somebody else has found wrong with it. Its next readings count it like a fault of their own.</summary>
    [AlwaysInterleave, OneWay, Alias("ReportFault")] Task ReportFault(NodeFault fault);

    /// <summary>Ends a cordon, a drain, a quarantine or a maintenance.</summary>
    [Alias("Uncordon")] Task<NodeCommandResult> Uncordon(string actor);

    /// <summary>Keeps new work away and reports when the running work is done.</summary>
    /// <param name="force">Counts the drain as done at the deadline even when work still runs.</param>
    /// <param name="timeout">Deadline, more than zero and at most a day.</param>
    /// <param name="actor">Who asks.</param>
    [Alias("Drain")] Task<NodeCommandResult> Drain(bool force, TimeSpan timeout, string actor);

    /// <summary>Forgets the node. Without <paramref name="force"/> only one that is offline, joining or drained.</summary>
    [Alias("Remove")] Task<NodeCommandResult> Remove(bool force, string actor);

    /// <summary>State of the node; null when it is not registered.</summary>
    [Alias("Get")] Task<NodeView?> Get();

    /// <summary>Called by the node's cell when it rebuilds: sends the summary again.</summary>
    [AlwaysInterleave, Alias("Summarize")] Task<NodeSummary?> Summarize();
}

/// <summary>What became of a command.</summary>
[GenerateSerializer, Alias("infermesh.NodeCommandStatus")]
public enum NodeCommandStatus : byte
{
    /// <summary>Done.</summary>
    Accepted = 0,

    /// <summary>The node is not registered.</summary>
    NotFound,

    /// <summary>A field is wrong; see the errors.</summary>
    Invalid,

    /// <summary>The state of the node forbids it; see the errors.</summary>
    Conflict,
}

/// <summary>Answer to a command.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Node">The node afterwards; null when there is none.</param>
/// <param name="Errors">What is wrong, one entry per field.</param>
[GenerateSerializer, Immutable, Alias("infermesh.NodeCommandResult")]
public sealed record NodeCommandResult([property: Id(0)] NodeCommandStatus Status, [property: Id(1)] NodeView? Node, [property: Id(2)] IReadOnlyList<FieldError> Errors);

/// <summary>State of a node.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeView")]
public sealed record NodeView
{
    /// <summary>Registration.</summary>
    [Id(0)] public required NodeRegistration Registration { get; init; }

    /// <summary>Health now.</summary>
    [Id(1)] public NodeHealth Health { get; init; }

    /// <summary>When the health last changed.</summary>
    [Id(2)] public DateTimeOffset HealthSince { get; init; }

    /// <summary>Version of the persisted part; grows with each change.</summary>
    [Id(3)] public long Version { get; init; }

    /// <summary>Why it is cordoned, draining or in maintenance; "" otherwise.</summary>
    [Id(4)] public string Reason { get; init; } = "";

    /// <summary>When the last readings were taken; null when there are none.</summary>
    [Id(5)] public DateTimeOffset? SampledAt { get; init; }

    /// <summary>Deadline of a drain; null when it is not draining.</summary>
    [Id(6)] public DateTimeOffset? DrainDeadline { get; init; }

    /// <summary>A drain has finished: nothing runs there any more, or its deadline has passed and it was forced.</summary>
    [Id(7)] public bool Drained { get; init; }

    /// <summary>Last GPU readings.</summary>
    [Id(8)] public IReadOnlyList<GpuSample> Gpus { get; init; } = [];

    /// <summary>Last runtime readings.</summary>
    [Id(9)] public IReadOnlyList<RuntimeSample> Runtimes { get; init; } = [];

    /// <summary>Round trip to the API in milliseconds.</summary>
    [Id(10)] public double? RttMs { get; init; }

    /// <summary>Epoch of the last batch.</summary>
    [Id(11)] public long Epoch { get; init; }

    /// <summary>Sequence of the last batch.</summary>
    [Id(12)] public long Sequence { get; init; }

    /// <summary>Batches dropped because they were not newer than the last.</summary>
    [Id(13)] public long DroppedBatches { get; init; }

    /// <summary>Quarantine or trial in force; null when there is none.</summary>
    [Id(14)] public NodeQuarantine? Quarantine { get; init; }

    /// <summary>When the GPU readings were taken; null when there are none.</summary>
    [Id(15)] public DateTimeOffset? GpusSampledAt { get; init; }

    /// <summary>When the runtime readings were taken; null when there are none.</summary>
    [Id(16)] public DateTimeOffset? RuntimesSampledAt { get; init; }

    /// <summary>What it knows of its network; null when nothing.</summary>
    [Id(17)] public NodeNetwork? Network { get; init; }

    /// <summary>Storage that its agent probes.</summary>
    [Id(18)] public IReadOnlyList<StorageSample> Storage { get; init; } = [];
}
