using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>GPUs that there are for training, and who has them.</summary>
internal sealed record MeshCapacityView
{
    /// <summary>Nodes that training may use, by id.</summary>
    public required IReadOnlyList<NodeCapacityView> Nodes { get; init; }

    /// <summary>Tenants that use or want something, by name.</summary>
    public required IReadOnlyList<TenantCapacityView> Tenants { get; init; }

    /// <summary>When this was planned; absent before the first plan.</summary>
    public DateTimeOffset? PlannedAt { get; init; }

    /// <summary>What the last plan took, milliseconds.</summary>
    public double? PlanMs { get; init; }

    /// <summary>Jobs that wait.</summary>
    public int Waiting { get; init; }

    /// <summary>Job that room is kept for; absent when there is none.</summary>
    public string? ReservedFor { get; init; }

    public static MeshCapacityView Of(CapacityView capacity)
    {
        var planned = capacity.PlannedAt > DateTimeOffset.UnixEpoch;
        return new()
        {
            Nodes = [.. capacity.Nodes.Select(NodeCapacityView.Of)],
            Tenants = [.. capacity.Tenants.Select(TenantCapacityView.Of)],
            PlannedAt = planned ? capacity.PlannedAt : null,
            PlanMs = planned ? Views.Known(capacity.PlanMs) : null,
            Waiting = capacity.Waiting,
            ReservedFor = Views.Known(capacity.ReservedFor),
        };
    }
}

/// <summary>One node's GPUs.</summary>
internal sealed record NodeCapacityView
{
    /// <summary>Node.</summary>
    public required string Node { get; init; }

    /// <summary>Cell.</summary>
    public string? Cell { get; init; }

    /// <summary>GPU type.</summary>
    public string? GpuType { get; init; }

    /// <summary>GPUs and MIG slices in all.</summary>
    public int Gpus { get; init; }

    /// <summary>Those that training jobs have.</summary>
    public int Training { get; init; }

    /// <summary>Those that serving has.</summary>
    public int Serving { get; init; }

    /// <summary>Those that serving lends to training.</summary>
    public int Lent { get; init; }

    /// <summary>Those that are free.</summary>
    public int Free { get; init; }

    /// <summary>Jobs that have some of them.</summary>
    public required IReadOnlyList<string> Jobs { get; init; }

    /// <summary>Why it takes no new work; absent when it does.</summary>
    public string? Closed { get; init; }

    /// <summary>What its ports carry to other nodes together, bytes per second each way; absent when unknown.</summary>
    public double? LinkBytesPerSecond { get; init; }

    /// <summary>What training jobs are expected to send there, bytes per second.</summary>
    public double LinkClaimedBytesPerSecond { get; init; }

    public static NodeCapacityView Of(NodeCapacity node) => new()
    {
        Node = node.Node,
        Cell = Views.Known(node.Cell),
        GpuType = Views.Known(node.GpuType),
        Gpus = node.Gpus,
        Training = node.Training,
        Serving = node.Serving,
        Lent = node.Lent,
        Free = node.Free,
        Jobs = node.Jobs,
        Closed = Views.Known(node.Closed),
        LinkBytesPerSecond = node.LinkBytesPerSecond,
        LinkClaimedBytesPerSecond = node.LinkClaimedBytesPerSecond,
    };
}

/// <summary>What a tenant has of the GPUs.</summary>
internal sealed record TenantCapacityView
{
    /// <summary>Name.</summary>
    public required string Tenant { get; init; }

    /// <summary>GPUs that its jobs have.</summary>
    public int Gpus { get; init; }

    /// <summary>GPUs that they may have at once; absent for no limit.</summary>
    public int? MaxGpus { get; init; }

    /// <summary>Weight of its share.</summary>
    public double Weight { get; init; }

    /// <summary>Time-decayed use of the dominant resource, hours of the whole mesh.</summary>
    public double? Usage { get; init; }

    /// <summary>Jobs that wait.</summary>
    public int Waiting { get; init; }

    public static TenantCapacityView Of(TenantCapacity tenant) => new()
    {
        Tenant = tenant.Tenant,
        Gpus = tenant.Gpus,
        MaxGpus = tenant.MaxGpus,
        Weight = tenant.Weight,
        Usage = Views.Known(tenant.Usage),
        Waiting = tenant.Waiting,
    };
}
