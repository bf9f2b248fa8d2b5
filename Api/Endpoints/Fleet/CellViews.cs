using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>A list that is short enough to come whole.</summary>
internal sealed record Listing<T>
{
    /// <summary>Entries, by name.</summary>
    public required IReadOnlyList<T> Items { get; init; }
}

/// <summary>Nodes of a cell by health.</summary>
internal sealed record NodeCounts
{
    /// <summary>All nodes.</summary>
    public int Total { get; init; }

    /// <summary>Registered, no telemetry yet.</summary>
    public int Joining { get; init; }

    /// <summary>Reporting and open for work.</summary>
    public int Ready { get; init; }

    /// <summary>Silent for longer than the suspect limit.</summary>
    public int Suspect { get; init; }

    /// <summary>Silent for longer than the offline limit.</summary>
    public int Offline { get; init; }

    /// <summary>Kept out of rotation by an operator.</summary>
    public int Cordoned { get; init; }

    /// <summary>Finishing their work.</summary>
    public int Draining { get; init; }

    /// <summary>Kept out because of a fault.</summary>
    public int Quarantined { get; init; }

    /// <summary>Back from quarantine on trial.</summary>
    public int Probing { get; init; }

    /// <summary>Worked on by an operator.</summary>
    public int Maintenance { get; init; }

    public static NodeCounts Of(NodeHealth[] health) => new()
    {
        Total = health.Length,
        Joining = health.Count(h => h == NodeHealth.Joining),
        Ready = health.Count(h => h == NodeHealth.Ready),
        Suspect = health.Count(h => h == NodeHealth.Suspect),
        Offline = health.Count(h => h == NodeHealth.Offline),
        Cordoned = health.Count(h => h == NodeHealth.Cordoned),
        Draining = health.Count(h => h == NodeHealth.Draining),
        Quarantined = health.Count(h => h == NodeHealth.Quarantined),
        Probing = health.Count(h => h == NodeHealth.Probing),
        Maintenance = health.Count(h => h == NodeHealth.Maintenance),
    };
}

/// <summary>What a cell can do; sums over what is known.</summary>
internal sealed record CellCapacity
{
    /// <summary>GPUs and MIG slices.</summary>
    public int Gpus { get; init; }

    /// <summary>GPU memory in all, bytes.</summary>
    public long VramTotalBytes { get; init; }

    /// <summary>GPU memory in use, bytes.</summary>
    public long VramUsedBytes { get; init; }

    /// <summary>Sequences that healthy targets can run at once.</summary>
    public double MaxConcurrency { get; init; }

    /// <summary>Prompt tokens per second of healthy targets.</summary>
    public double PrefillTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second of healthy targets.</summary>
    public double DecodeTokensPerSecond { get; init; }
}

/// <summary>Summary of a cell.</summary>
internal sealed record CellView
{
    /// <summary>Cell id.</summary>
    public required string Id { get; init; }

    /// <summary>Nodes by health.</summary>
    public required NodeCounts Nodes { get; init; }

    /// <summary>Pairs of runtime and model.</summary>
    public int Targets { get; init; }

    /// <summary>Models that are served, by name.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>What the cell can do.</summary>
    public required CellCapacity Capacity { get; init; }

    /// <summary>Mean of requests over batch size on healthy targets; above 1 requests wait. Absent when unknown.</summary>
    public double? MeanLoad { get; init; }

    /// <summary>True when every node is simulated.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Life of the summary; a restart begins a new one.</summary>
    public long Incarnation { get; init; }

    /// <summary>Version of the summary within its life.</summary>
    public long Version { get; init; }

    /// <summary>When the summary was made.</summary>
    public DateTimeOffset BuiltAt { get; init; }

    public static CellView Of(CellSnapshot cell)
    {
        var (nodes, targets) = (cell.Nodes, cell.Targets);
        int[] live = [.. Enumerable.Range(0, targets.Node.Length).Where(i => targets.Healthy[i] && targets.Loaded[i])];
        double[] loads = [.. live.Select(i => (targets.Running[i] + targets.Waiting[i]) / targets.MaxConcurrency[i]).Where(double.IsFinite)];
        return new()
        {
            Id = cell.CellId,
            Nodes = NodeCounts.Of(nodes.Health),
            Targets = targets.Node.Length,
            Models = [.. targets.Model.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Capacity = new()
            {
                Gpus = nodes.Gpus.Sum(g => g.Count),
                VramTotalBytes = nodes.Gpus.Sum(g => g.VramTotalBytes),
                VramUsedBytes = nodes.Gpus.Sum(g => g.VramUsedBytes),
                MaxConcurrency = Known(targets.MaxConcurrency, live),
                PrefillTokensPerSecond = Known(targets.PrefillTokensPerSecond, live),
                DecodeTokensPerSecond = Known(targets.DecodeTokensPerSecond, live),
            },
            MeanLoad = loads.Length > 0 ? loads.Average() : null,
            Synthetic = nodes.Registration.Length > 0 && nodes.Registration.All(r => r.Synthetic),
            Incarnation = cell.Incarnation,
            Version = cell.Version,
            BuiltAt = cell.BuiltAt,
        };
    }

    private static double Known(double[] column, int[] rows) => rows.Select(i => column[i]).Where(double.IsFinite).Sum();
}
