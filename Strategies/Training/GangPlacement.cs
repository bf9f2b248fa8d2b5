namespace InferMesh.Strategies.Training;

/// <summary>Workers on one node.</summary>
/// <param name="Node">Node id.</param>
/// <param name="Workers">Workers, 1 or more.</param>
public sealed record WorkerGroup(string Node, int Workers);

/// <summary>Why a gang has no placement.</summary>
public enum PlacementFailure : byte
{
    /// <summary>It has one.</summary>
    None = 0,

    /// <summary>No node has GPUs of a type and memory that do, free or held.</summary>
    NoSuchGpu,

    /// <summary>There would be, if nobody held any.</summary>
    NotEnoughFree,

    /// <summary>Even if nobody held any, there are too few.</summary>
    TooLarge,

    /// <summary>There is room, but in no single domain of the level that it requires.</summary>
    DomainTooSmall,
}

/// <summary>Where a gang goes.</summary>
public sealed record GangPlacement
{
    /// <summary>Groups in the order of ranks: a ring in this order crosses each domain once. Empty when there is no placement.</summary>
    public IReadOnlyList<WorkerGroup> Groups { get; init; } = [];

    /// <summary>Why there is none.</summary>
    public PlacementFailure Failure { get; init; }

    /// <summary>Workers that are placed.</summary>
    public int Workers => Groups.Sum(static g => g.Workers);

    /// <summary>Edges of the ring whose ends lie in different domains of a level, by level; those of nodes included.</summary>
    public IReadOnlyDictionary<TopologyLevel, int> CrossEdges { get; init; } = new Dictionary<TopologyLevel, int>();

    /// <summary>Sum over the edges of the ring of the time per byte of their links, nanoseconds (<see cref="TopologyLevels.EdgeCost"/>); 0 on one node.</summary>
    public double RingCost { get; init; }

    /// <summary>The placement of so many workers on nodes: groups in the order of a ring that crosses each domain once, with what it crosses and costs.</summary>
    /// <param name="nodes">Nodes, those of the workers among them.</param>
    /// <param name="workers">Workers by node id, 1 or more on each.</param>
    public static GangPlacement Of(IReadOnlyList<TrainingNode> nodes, IReadOnlyDictionary<string, int> workers) => FabricTree.Describe(nodes, workers);

    /// <summary>There is none, and why.</summary>
    public static GangPlacement Failed(PlacementFailure failure) => new() { Failure = failure };
}

/// <summary>Decides where a gang goes. Pure: the same input gives the same placement, and one that is found fits.</summary>
public interface ITrainingStrategy
{
    /// <summary>Name in the catalogue.</summary>
    string Name { get; }

    /// <summary>Places all workers or as many as do (<see cref="Gang.MinWorkers"/>), or none.</summary>
    /// <param name="gang">The gang.</param>
    /// <param name="nodes">Nodes that take work, each id once, in any order.</param>
    GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes);
}
