using InferMesh.Grains.Abstractions.Versions;

namespace InferMesh.Grains.Abstractions.Models;

/// <summary>A model that the mesh keeps loaded: what it is, how often, and where it may be.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ModelSpec")]
public sealed record ModelSpec
{
    /// <summary>Revision; "" takes any. A runtime that does not tell its revision is taken to have the right one.</summary>
    [Id(0)] public string Revision { get; init; } = "";

    /// <summary>Quantisation, such as <c>awq</c>; "" when it does not matter. For readers: no runtime is asked for it.</summary>
    [Id(1)] public string Quantization { get; init; } = "";

    /// <summary>Memory of the weights of one replica, bytes; 0 when it needs none or nobody knows, and then no memory is kept for it.</summary>
    [Id(2)] public long VramBytes { get; init; }

    /// <summary>Share of each GPU's memory that must be free beside the weights when they are loaded, 0 to 0.9.</summary>
    [Id(3)] public double KvHeadroom { get; init; } = 0.1;

    /// <summary>GPUs over which a replica's weights are spread evenly, 1 to 64.</summary>
    [Id(4)] public int GpusPerReplica { get; init; } = 1;

    /// <summary>Artefact reference that is given to the runtime; "" where it knows by the name.</summary>
    [Id(5)] public string Source { get; init; } = "";

    /// <summary>Kinds of runtime that may serve it; empty allows all that can load models.</summary>
    [Id(6)] public IReadOnlyList<string> Runtimes { get; init; } = [];

    /// <summary>Replicas, 0 to 4096; with <see cref="Autoscale"/> where it begins.</summary>
    [Id(7)] public int Replicas { get; init; } = 1;

    /// <summary>Nodes that it is pinned to; empty allows all.</summary>
    [Id(8)] public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Labels that a node must carry.</summary>
    [Id(9)] public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>What its replicas must not share.</summary>
    [Id(10)] public ModelAntiAffinity AntiAffinity { get; init; } = ModelAntiAffinity.Node;

    /// <summary>MIG profile of the slices that it runs on, such as <c>3g.40gb</c>; "" runs on whole GPUs.</summary>
    [Id(11)] public string MigProfile { get; init; } = "";

    /// <summary>LoRA adapters that every replica should have: name to source, at most 64.</summary>
    [Id(12)] public IReadOnlyDictionary<string, string> Adapters { get; init; } = new Dictionary<string, string>();

    /// <summary>Lets load decide the number of replicas; null leaves it at <see cref="Replicas"/>.</summary>
    [Id(13)] public ModelAutoscale? Autoscale { get; init; }
}

/// <summary>What replicas of a model must not share.</summary>
[GenerateSerializer, Alias("infermesh.ModelAntiAffinity")]
public enum ModelAntiAffinity : byte
{
    /// <summary>Nothing: several runtimes of a node may each have one.</summary>
    None = 0,

    /// <summary>At most one replica a node.</summary>
    Node,

    /// <summary>At most one replica a failure domain.</summary>
    FailureDomain,

    /// <summary>At most one replica a zone.</summary>
    Zone,
}

/// <summary>Lets load decide the number of replicas.</summary>
/// <param name="MinReplicas">Least, 0 to 4096.</param>
/// <param name="MaxReplicas">Most, from the least to 4096.</param>
/// <param name="TargetLoad">Requests in and before the batch over its places, above 0 to 1.</param>
/// <param name="TtftSloMs">Time to first token that 95 of 100 requests should meet, milliseconds, above 0; null for none.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ModelAutoscale")]
public sealed record ModelAutoscale(
    [property: Id(0)] int MinReplicas, [property: Id(1)] int MaxReplicas, [property: Id(2)] double TargetLoad = 0.7, [property: Id(3)] double? TtftSloMs = null);

/// <summary>A stored model.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.MeshModel")]
public sealed record MeshModel : IVersioned
{
    /// <summary>Name under which runtimes serve it, 1 to 256 characters.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Grows by one with each change, also over a deletion; the ETag.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Content.</summary>
    [Id(2)] public required ModelSpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    [Id(3)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    [Id(4)] public string ChangedBy { get; init; } = "";

    /// <summary>This version is a deletion.</summary>
    [Id(5)] public bool Deleted { get; init; }

    /// <summary>Adapters that earlier versions had and this one has not: they are taken away.</summary>
    [Id(6)] public IReadOnlyList<string> RetiredAdapters { get; init; } = [];
}
