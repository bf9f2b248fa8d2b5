namespace InferMesh.Strategies.Training;

/// <summary>A node as the placement of training jobs sees it.</summary>
public sealed record TrainingNode
{
    /// <summary>Node id.</summary>
    public required string Id { get; init; }

    /// <summary>Region; "" when unknown, which is a domain of the node's own.</summary>
    public string Region { get; init; } = "";

    /// <summary>Zone; "" when unknown, which is a domain of the node's own.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Cell; "" when unknown, which is a domain of the node's own.</summary>
    public string Cell { get; init; } = "";

    /// <summary>Rack; "" when unknown, which is a domain of the node's own.</summary>
    public string Rack { get; init; } = "";

    /// <summary>NVLink island; "" is the node's own: its GPUs reach no others by NVLink.</summary>
    public string NvlinkIsland { get; init; } = "";

    /// <summary>Type of its GPUs, such as <c>H100-80G</c>; "" when unknown.</summary>
    public string GpuType { get; init; } = "";

    /// <summary>GPUs that nobody holds, 0 or more.</summary>
    public int FreeGpus { get; init; }

    /// <summary>GPUs in all, held or not.</summary>
    public int Gpus { get; init; }

    /// <summary>What its ports carry to other nodes together, bytes per second each way; null when unknown.</summary>
    public double? LinkBytesPerSecond { get; init; }

    /// <summary>What jobs on it are expected to send there, bytes per second.</summary>
    public double LinkClaimedBytesPerSecond { get; init; }

    /// <summary>Takes new work; what is there already stays either way.</summary>
    public bool TakesWork { get; init; } = true;

    /// <summary>Memory of each GPU, bytes; null when unknown.</summary>
    public long? BytesPerGpu { get; init; }

    /// <summary>Name of its domain of a level; "" when unknown, which is a domain of the node's own.</summary>
    public string DomainOf(TopologyLevel level) => Label(level);

    internal string Label(TopologyLevel level) => level switch
    {
        TopologyLevel.Region => Region,
        TopologyLevel.Zone => Zone,
        TopologyLevel.Cell => Cell,
        TopologyLevel.Rack => Rack,
        TopologyLevel.NvlinkIsland => NvlinkIsland,
        _ => Id,
    };
}

/// <summary>Workers that start together or not at all.</summary>
public sealed record Gang
{
    /// <summary>Workers wanted, 1 or more.</summary>
    public required int Workers { get; init; }

    /// <summary>Workers that do when there is no room for all, 1 to <see cref="Workers"/>; 0 means all.</summary>
    public int MinWorkers { get; init; }

    /// <summary>GPUs of each worker, on one node; 1 or more.</summary>
    public required int GpusPerWorker { get; init; }

    /// <summary>GPU types that do, each with what one GPU of it gets done in a second, in any unit that is the same for all; empty takes every type as equal.</summary>
    public IReadOnlyDictionary<string, double> Throughput { get; init; } = new Dictionary<string, double>();

    /// <summary>Memory that each GPU must have, bytes; 0 takes any.</summary>
    public long BytesPerGpu { get; init; }

    /// <summary>All workers must lie in one domain of this level; null when they need not.</summary>
    public TopologyLevel? Required { get; init; }

    /// <summary>All workers should lie in one domain of this level, where one has room; null for the least cost wherever that is.</summary>
    public TopologyLevel? Preferred { get; init; }

    /// <summary>Workers that are enough.</summary>
    internal int Least => MinWorkers > 0 ? Math.Min(MinWorkers, Workers) : Workers;

    /// <summary>Workers that a node has room for.</summary>
    public int RoomOn(TrainingNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return Room(node);
    }

    internal int Room(TrainingNode node) =>
        !node.TakesWork || (Throughput.Count > 0 && !Throughput.ContainsKey(node.GpuType)) || (BytesPerGpu > 0 && !(node.BytesPerGpu >= BytesPerGpu)) ? 0 : Math.Max(0, node.FreeGpus) / GpusPerWorker;
}
