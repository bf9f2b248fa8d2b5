using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Models;

/// <summary>Brings what nodes have loaded to what is registered, again and again, for all models together. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IModelPlannerGrain")]
public interface IModelPlannerGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "mesh";

    /// <summary>Takes what is done to a node's runtimes; nodes tell it with every change, and now and then.</summary>
    [AlwaysInterleave, Alias("Announce")] Task Announce(NodeModels node);

    /// <summary>Plans soon: a model changed.</summary>
    [AlwaysInterleave, Alias("Wake")] Task Wake();

    /// <summary>What is made of the models; of one when it is named, else of all by name.</summary>
    [AlwaysInterleave, Alias("Status")] Task<IReadOnlyList<ModelStatus>> Status(string model);

    /// <summary>What would be done if a model were so; nothing is done.</summary>
    [AlwaysInterleave, Alias("DryRun")] Task<ModelPreview> DryRun(string model, ModelSpec spec);
}

/// <summary>State of a model on a runtime.</summary>
[GenerateSerializer, Alias("infermesh.ModelReplicaState")]
public enum ModelReplicaState : byte
{
    /// <summary>The runtime knows it and has not loaded it.</summary>
    Available = 0,

    /// <summary>Being loaded.</summary>
    Loading,

    /// <summary>Can serve.</summary>
    Loaded,

    /// <summary>Being taken away.</summary>
    Unloading,

    /// <summary>The last command failed.</summary>
    Failed,

    /// <summary>Asleep: it is ready again faster than by a load.</summary>
    Warm,
}

/// <summary>A model on a runtime.</summary>
/// <param name="Node">Node.</param>
/// <param name="Endpoint">Base URL of the runtime.</param>
/// <param name="Runtime">Kind of runtime.</param>
/// <param name="State">State.</param>
/// <param name="Error">Why the last command failed; "" when none did.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ModelReplicaStatus")]
public sealed record ModelReplicaStatus(
    [property: Id(0)] string Node, [property: Id(1)] string Endpoint, [property: Id(2)] string Runtime, [property: Id(3)] ModelReplicaState State, [property: Id(4)] string Error);

/// <summary>What is made of a registered model.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ModelStatus")]
public sealed record ModelStatus
{
    /// <summary>Model.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Replicas that should be there.</summary>
    [Id(1)] public int DesiredReplicas { get; init; }

    /// <summary>Replicas that are loaded where they may be.</summary>
    [Id(2)] public int ReadyReplicas { get; init; }

    /// <summary>Replicas for which there is no place.</summary>
    [Id(3)] public int UnplacedReplicas { get; init; }

    /// <summary>Why nodes took none of those: reason to number of nodes.</summary>
    [Id(4)] public IReadOnlyDictionary<string, int> Reasons { get; init; } = new Dictionary<string, int>();

    /// <summary>Where it is, by node and runtime.</summary>
    [Id(5)] public IReadOnlyList<ModelReplicaStatus> Replicas { get; init; } = [];

    /// <summary>What the number of replicas is decided by; null when load does not decide it.</summary>
    [Id(6)] public AutoscaleSignal? Autoscale { get; init; }

    /// <summary>When this was planned.</summary>
    [Id(7)] public DateTimeOffset PlannedAt { get; init; }
}

/// <summary>What the number of replicas is decided by.</summary>
/// <param name="DesiredReplicas">Replicas that load asks for.</param>
/// <param name="Load">Requests in and before the batches over their places; null when unknown.</param>
/// <param name="TtftP95Ms">The worst replica's time to first token, 95th percentile, milliseconds; null when unknown.</param>
/// <param name="LowSince">Since when fewer would do; null when they would not.</param>
[GenerateSerializer, Immutable, Alias("infermesh.AutoscaleSignal")]
public sealed record AutoscaleSignal(
    [property: Id(0)] int DesiredReplicas, [property: Id(1)] double? Load, [property: Id(2)] double? TtftP95Ms, [property: Id(3)] DateTimeOffset? LowSince);

/// <summary>What would be done.</summary>
/// <param name="Actions">All that would be done to this and to other models.</param>
/// <param name="UnplacedReplicas">Replicas of the model for which there is no place.</param>
/// <param name="Reasons">Why nodes took none of those: reason to number of nodes.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ModelPreview")]
public sealed record ModelPreview(
    [property: Id(0)] IReadOnlyList<PreviewedAction> Actions, [property: Id(1)] int UnplacedReplicas, [property: Id(2)] IReadOnlyDictionary<string, int> Reasons);

/// <summary>One thing that would be done.</summary>
/// <param name="Node">Node.</param>
/// <param name="Command">What would be done.</param>
[GenerateSerializer, Immutable, Alias("infermesh.PreviewedAction")]
public sealed record PreviewedAction([property: Id(0)] string Node, [property: Id(1)] ModelCommand Command);
