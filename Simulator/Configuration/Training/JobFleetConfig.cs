using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration.Training;

/// <summary>What jobs run on: zones of racks of nodes, all alike but for the type of their GPUs.</summary>
public sealed record JobFleetConfig
{
    /// <summary>Zones, 1 or more.</summary>
    [In("[1, 1024]")]
    public int Zones { get; init; } = 1;

    /// <summary>Racks of each zone, 1 or more.</summary>
    [In("[1, 4096]")]
    public int RacksPerZone { get; init; } = 4;

    /// <summary>Nodes of each rack, 1 or more.</summary>
    [In("[1, 4096]")]
    public int NodesPerRack { get; init; } = 4;

    /// <summary>GPUs of each node, 1 or more.</summary>
    [In("[1, 64]")]
    public int GpusPerNode { get; init; } = 8;

    /// <summary>GPU types; racks are of one type each, in the proportion of the shares.</summary>
    public IReadOnlyList<JobGpuConfig> GpuTypes { get; init; } = [new() { Name = "H100-80G" }];

    /// <summary>Links that are not as their class says.</summary>
    public IReadOnlyList<JobLinkConfig> Links { get; init; } = [];
}

/// <summary>One GPU type.</summary>
public sealed record JobGpuConfig
{
    /// <summary>Name, such as <c>H100-80G</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Weight among the types, more than 0.</summary>
    [In("(0, 1e9]")]
    public double Share { get; init; } = 1;

    /// <summary>Device memory of one GPU in GB.</summary>
    [In("(0, 1e4]")]
    public double MemoryGb { get; init; } = 80;

    /// <summary>How fast it computes: a step takes its computing time over this.</summary>
    [In("(0, 1e3]")]
    public double Pace { get; init; } = 1;
}

/// <summary>Links by what they join.</summary>
public enum JobLinkLevel
{
    /// <summary>GPUs of a node.</summary>
    Gpu,

    /// <summary>Nodes of a rack.</summary>
    Node,

    /// <summary>Racks of a zone.</summary>
    Rack,

    /// <summary>Zones.</summary>
    Zone,
}

/// <summary>A kind of link.</summary>
/// <param name="Level">What it joins.</param>
/// <param name="BytesPerSecond">Bytes per second that one message gets, one way.</param>
/// <param name="LatencyS">Seconds of a message of no bytes.</param>
public sealed record JobLinkConfig(JobLinkLevel Level, [property: In("(0, 1e15]")] double BytesPerSecond, [property: In("[0, 60]")] double LatencyS);

/// <summary>
/// Nodes of serving, which needs more of them by day than by night: a cosine between <c>low</c> and <c>peak</c>. What it does not need is lent to jobs that may be preempted, and is asked back
/// with a deadline.
/// </summary>
public sealed record JobServingConfig
{
    /// <summary>Nodes of each rack that are serving's, below all of them; 0 means none.</summary>
    [In("[0, 4096]")]
    public int NodesPerRack { get; init; }

    /// <summary>Share of its nodes that it needs when least, 0 to 1.</summary>
    [In("[0, 1]")]
    public double Low { get; init; } = 0.2;

    /// <summary>Share of its nodes that it needs when most, 0 to 1.</summary>
    [In("[0, 1]")]
    public double Peak { get; init; } = 0.9;

    /// <summary>Seconds from peak to peak.</summary>
    [In("[60, 1e9]")]
    public double PeriodS { get; init; } = 86_400;

    /// <summary>Seconds into the run of the first peak.</summary>
    [In("[0, 1e9]")]
    public double PeakAtS { get; init; } = 43_200;

    /// <summary>Standard deviation of what it needs around the curve, as a share of its nodes.</summary>
    [In("[0, 1]")]
    public double Noise { get; init; } = 0.05;

    /// <summary>Seconds between two looks at the demand.</summary>
    [In("[1, 1e6]")]
    public double StepS { get; init; } = 300;

    /// <summary>Seconds by which a job must have left a node that is asked back; who has not saved by then loses what it did since its checkpoint.</summary>
    [In("[0, 1e6]")]
    public double DeadlineS { get; init; } = 60;
}
