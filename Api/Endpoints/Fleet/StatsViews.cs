namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>The mesh as a whole, and the busiest of its parts.</summary>
internal sealed record StatsView
{
    /// <summary>When it was made.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Nodes by health.</summary>
    public required NodeCounts Nodes { get; init; }

    /// <summary>Cells.</summary>
    public int Cells { get; init; }

    /// <summary>Models that nodes serve.</summary>
    public int Models { get; init; }

    /// <summary>What all of it does together.</summary>
    public required LoadView All { get; init; }

    /// <summary>The parts that were asked for, in the order that was asked for.</summary>
    public required IReadOnlyList<LoadView> Items { get; init; }

    /// <summary>Parts in all, beyond the limit too.</summary>
    public int Total { get; init; }
}

/// <summary>What a node, a cell, a model or the mesh does now; sums over what is known.</summary>
internal sealed record LoadView
{
    /// <summary>Name of the node, cell or model.</summary>
    public required string Name { get; init; }

    /// <summary>Cell; of a node only.</summary>
    public string? Cell { get; init; }

    /// <summary>Health; of a node only.</summary>
    public Grains.Abstractions.Nodes.NodeHealth? Health { get; init; }

    /// <summary>Nodes.</summary>
    public int Nodes { get; init; }

    /// <summary>GPUs and MIG slices; 0 for a model.</summary>
    public int Gpus { get; init; }

    /// <summary>GPU memory in use, bytes; 0 for a model.</summary>
    public long VramUsedBytes { get; init; }

    /// <summary>GPU memory in all, bytes; 0 for a model.</summary>
    public long VramTotalBytes { get; init; }

    /// <summary>Mean use of the GPUs, 0 to 1; absent when unknown.</summary>
    public double? SmUtilization { get; init; }

    /// <summary>Hottest GPU, degrees Celsius; absent when unknown.</summary>
    public double? MaxTemperatureCelsius { get; init; }

    /// <summary>Power, watts; absent when unknown.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Models on runtimes that are healthy and loaded.</summary>
    public int ReadyTargets { get; init; }

    /// <summary>Models on runtimes.</summary>
    public int Targets { get; init; }

    /// <summary>Requests that run.</summary>
    public double Running { get; init; }

    /// <summary>Requests that wait.</summary>
    public double Waiting { get; init; }

    /// <summary>Sequences that healthy targets can run at once, as far as known.</summary>
    public double MaxConcurrency { get; init; }

    /// <summary>Requests over places; above 1 requests wait. Absent when no place is known.</summary>
    public double? Load { get; init; }

    /// <summary>Tokens that are made per second.</summary>
    public double GenerationTokensPerSecond { get; init; }

    /// <summary>The worst 95th percentile of the time to the first token, seconds; absent when unknown.</summary>
    public double? TtftP95Seconds { get; init; }

    /// <summary>True when all of it is simulated.</summary>
    public bool Synthetic { get; init; }
}
