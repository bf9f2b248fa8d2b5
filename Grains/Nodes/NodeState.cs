using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Nodes;

/// <summary>Persisted part of a node. A removed node keeps its row without a registration, so that its version never goes back.</summary>
[GenerateSerializer, Alias("infermesh.NodeState")]
internal sealed class NodeState : IOutboxState
{
    [Id(0)] public NodeRegistration? Registration { get; set; }

    [Id(1)] public long Version { get; set; }

    [Id(2)] public bool Cordoned { get; set; }

    [Id(3)] public bool Draining { get; set; }

    [Id(4)] public bool DrainForced { get; set; }

    [Id(5)] public DateTimeOffset DrainStarted { get; set; }

    [Id(6)] public DateTimeOffset DrainDeadline { get; set; }

    [Id(7)] public string Reason { get; set; } = "";

    /// <summary>Cell that may still know the node: set with the change that takes it away, so that a repeated call can finish it. "" for none.</summary>
    [Id(8)] public string FormerCell { get; set; } = "";

    [Id(9)] public bool Maintained { get; set; }

    [Id(10)] public QuarantineState Quarantine { get; set; } = new();

    /// <summary>Last XID by GPU that has had its consequences.</summary>
    [Id(11)] public Dictionary<string, int> SeenXids { get; set; } = new(StringComparer.Ordinal);

    [Id(12)] public OutboxState Outbox { get; set; } = OutboxState.Empty;

    /// <summary>That the drain is over has been announced.</summary>
    [Id(13)] public bool DrainAnnounced { get; set; }

    public NodeState Copy() => (NodeState)MemberwiseClone();
}
