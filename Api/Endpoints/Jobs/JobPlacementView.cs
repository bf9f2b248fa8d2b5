using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>Where a job runs.</summary>
internal sealed record JobPlacementView
{
    /// <summary>Grows by one with each placement of the job.</summary>
    public long Fence { get; init; }

    /// <summary>Claim under which its GPUs are kept.</summary>
    public string? Claim { get; init; }

    /// <summary>Workers in all.</summary>
    public int Workers { get; init; }

    /// <summary>Ranks in all, one per GPU.</summary>
    public int Ranks { get; init; }

    /// <summary>Workers by node, in the order of ranks.</summary>
    public required IReadOnlyList<JobGroupView> Groups { get; init; }

    /// <summary>Strategy that chose it.</summary>
    public string? Strategy { get; init; }

    /// <summary>Edges of the ring through all workers whose ends lie in different domains, by level: region, zone, cell, rack, nvlink_island, node.</summary>
    public required IReadOnlyDictionary<string, int> CrossEdges { get; init; }

    /// <summary>Sum over those edges of the time per byte, nanoseconds.</summary>
    public double? RingNsPerByte { get; init; }

    /// <summary>How its ranks best exchange their gradients; absent when nothing is known of its steps.</summary>
    public JobHintView? Hint { get; init; }

    /// <summary>Why this place, in one line.</summary>
    public string? Why { get; init; }

    public static JobPlacementView? Of(JobPlacement? placement) => placement is null ? null : new()
    {
        Fence = placement.Fence,
        Claim = Views.Known(placement.Claim),
        Workers = placement.Workers,
        Ranks = placement.Groups.Sum(static g => g.Gpus.Count),
        Groups = JobGroupView.Of(placement.Groups),
        Strategy = Views.Known(placement.Strategy),
        CrossEdges = placement.CrossEdges.OrderBy(e => e.Key).ToDictionary(e => JobWords.Of(e.Key), e => e.Value),
        RingNsPerByte = Views.Known(placement.RingNsPerByte),
        Hint = JobHintView.Of(placement.Hint),
        Why = Views.Known(placement.Why),
    };
}

/// <summary>Workers of a job on one node.</summary>
internal sealed record JobGroupView
{
    /// <summary>Node.</summary>
    public required string Node { get; init; }

    /// <summary>Its cell.</summary>
    public required string Cell { get; init; }

    /// <summary>Workers.</summary>
    public int Workers { get; init; }

    /// <summary>Rank of the first GPU; the others follow.</summary>
    public int FirstRank { get; init; }

    /// <summary>UUIDs of GPUs or MIG slices, in the order of ranks.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>Lent by serving, which may want them back.</summary>
    public bool Lent { get; init; }

    public static IReadOnlyList<JobGroupView> Of(IReadOnlyList<JobWorkers> groups)
    {
        var rank = 0;
        var views = new List<JobGroupView>(groups.Count);
        foreach (var group in groups)
        {
            views.Add(new() { Node = group.Node, Cell = group.Cell, Workers = group.Workers, FirstRank = rank, Gpus = group.Gpus, Lent = group.Lent });
            rank += group.Gpus.Count;
        }
        return views;
    }
}

/// <summary>How ranks best exchange their gradients.</summary>
internal sealed record JobHintView
{
    /// <summary>Grows when a link changed and the hint with it.</summary>
    public int Revision { get; init; }

    /// <summary>Variables for NCCL.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The fastest algorithm by size.</summary>
    public required IReadOnlyList<JobCollective> Collectives { get; init; }

    /// <summary>Up to which size gradients are better fused, bytes; absent when no size is large enough.</summary>
    public long? FusionBytes { get; init; }

    /// <summary>Compression of gradients is worth its price.</summary>
    public bool Compress { get; init; }

    /// <summary>Predicted seconds of computing in a step.</summary>
    public double? ComputeSeconds { get; init; }

    /// <summary>Predicted seconds of the all-reduce in a step.</summary>
    public double? ExchangeSeconds { get; init; }

    public static JobHintView? Of(JobHint? hint) => hint is null ? null : new()
    {
        Revision = hint.Revision,
        Environment = hint.Environment,
        Collectives = hint.Collectives,
        FusionBytes = hint.FusionBytes,
        Compress = hint.Compress,
        ComputeSeconds = Views.Known(hint.ComputeSeconds),
        ExchangeSeconds = Views.Known(hint.ExchangeSeconds),
    };
}
