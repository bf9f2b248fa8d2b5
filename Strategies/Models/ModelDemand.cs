namespace InferMesh.Strategies.Models;

/// <summary>What replicas of a model must not share.</summary>
public enum ModelSpread : byte
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

/// <summary>What is wanted of one model.</summary>
public sealed record ModelDemand
{
    /// <summary>Name under which runtimes serve it.</summary>
    public required string Name { get; init; }

    /// <summary>Replicas that should be there, from 0.</summary>
    public required int Replicas { get; init; }

    /// <summary>Revision; "" takes any. A runtime that does not tell its revision is taken to have the right one.</summary>
    public string Revision { get; init; } = "";

    /// <summary>Artefact reference that is given to the runtime; "" where it knows by the name.</summary>
    public string Source { get; init; } = "";

    /// <summary>Memory of the weights of one replica, bytes; 0 asks for none.</summary>
    public long VramBytes { get; init; }

    /// <summary>Share of each GPU's memory that must be free beside the weights when they are loaded, 0 to 1.</summary>
    public double KvHeadroom { get; init; }

    /// <summary>GPUs over which a replica's weights are spread evenly, from 1.</summary>
    public int GpusPerReplica { get; init; } = 1;

    /// <summary>Kinds of runtime that may serve it; empty allows all.</summary>
    public IReadOnlyCollection<string> Runtimes { get; init; } = [];

    /// <summary>Nodes that may serve it; empty allows all.</summary>
    public IReadOnlyCollection<string> Nodes { get; init; } = [];

    /// <summary>Labels that a node must carry.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>What replicas must not share.</summary>
    public ModelSpread Spread { get; init; }

    /// <summary>MIG profile of the slices that it runs on; "" runs on whole GPUs.</summary>
    public string MigProfile { get; init; } = "";

    /// <summary>LoRA adapters that every replica should have: name to source.</summary>
    public IReadOnlyDictionary<string, string> Adapters { get; init; } = new Dictionary<string, string>();

    /// <summary>Adapters that were wanted once and are no longer: they are taken away.</summary>
    public IReadOnlyCollection<string> RetiredAdapters { get; init; } = [];
}
