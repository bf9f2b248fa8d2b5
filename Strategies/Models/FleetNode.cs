namespace InferMesh.Strategies.Models;

/// <summary>A node as the planner sees it.</summary>
public sealed record FleetNode
{
    /// <summary>Node id.</summary>
    public required string Id { get; init; }

    /// <summary>What it has loaded counts: it reports, and no operator keeps work away.</summary>
    public bool Counts { get; init; }

    /// <summary>Takes new replicas.</summary>
    public bool Ready { get; init; }

    /// <summary>What fails together with it; "" means the zone, else the node itself.</summary>
    public string FailureDomain { get; init; } = "";

    /// <summary>Zone; "" when unknown, which is a zone of its own.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>GPUs and MIG slices.</summary>
    public IReadOnlyList<FleetGpu> Gpus { get; init; } = [];

    /// <summary>Runtimes.</summary>
    public IReadOnlyList<FleetRuntime> Runtimes { get; init; } = [];

    /// <summary>What no two replicas of a model may share under a spread; "" shares nothing.</summary>
    internal string Domain(ModelSpread spread) => spread switch
    {
        ModelSpread.Node => Id,
        ModelSpread.FailureDomain => FailureDomain.Length > 0 ? FailureDomain : Zone.Length > 0 ? Zone : Id,
        ModelSpread.Zone => Zone.Length > 0 ? Zone : Id,
        _ => "",
    };
}

/// <summary>Memory of a GPU or a MIG slice.</summary>
/// <param name="TotalBytes">Memory in all; null when unknown.</param>
/// <param name="UsedBytes">Memory in use; null when unknown.</param>
/// <param name="MigProfile">Profile of a slice; "" for a whole GPU.</param>
public sealed record FleetGpu(long? TotalBytes, long? UsedBytes, string MigProfile = "");

/// <summary>A runtime of a node.</summary>
public sealed record FleetRuntime
{
    /// <summary>Kind, such as <c>triton</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Base URL, which is its name too.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Answers its probes.</summary>
    public bool Healthy { get; init; }

    /// <summary>Operations that an agent is there to carry out; null when no agent may change it.</summary>
    public IReadOnlySet<ModelOperation>? Operations { get; init; }

    /// <summary>What it has, and what is being done to it.</summary>
    public IReadOnlyList<FleetModel> Models { get; init; } = [];

    /// <summary>Models whose loading failed so lately that it is not tried again yet.</summary>
    public IReadOnlyCollection<string> Failing { get; init; } = [];

    internal bool Can(ModelOperation operation) => Operations?.Contains(operation) ?? false;
}

/// <summary>A model on a runtime.</summary>
public sealed record FleetModel
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Revision; "" when unknown.</summary>
    public string Revision { get; init; } = "";

    /// <summary>Can serve.</summary>
    public bool Loaded { get; init; }

    /// <summary>A load is under way.</summary>
    public bool Loading { get; init; }

    /// <summary>An unload is under way.</summary>
    public bool Unloading { get; init; }

    /// <summary>LoRA adapters that are loaded on it.</summary>
    public IReadOnlyCollection<string> Adapters { get; init; } = [];
}

/// <summary>What the mesh does to a runtime.</summary>
public enum ModelOperation : byte
{
    /// <summary>Makes a model ready to serve.</summary>
    Load = 0,

    /// <summary>Takes a model away.</summary>
    Unload,

    /// <summary>Adds a LoRA adapter.</summary>
    LoadAdapter,

    /// <summary>Takes a LoRA adapter away.</summary>
    UnloadAdapter,

    /// <summary>Frees the memory of a runtime that keeps its process: its model is warm.</summary>
    Sleep,

    /// <summary>Makes the model of a sleeping runtime ready again.</summary>
    Wake,
}
