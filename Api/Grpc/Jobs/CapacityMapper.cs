using Google.Protobuf.WellKnownTypes;
using Domain = InferMesh.Grains.Abstractions.Jobs;
using Proto = InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

/// <summary>Capacity on the wire.</summary>
internal static class CapacityMapper
{
    public static Proto.Capacity ToProto(Domain.CapacityView capacity) => new()
    {
        Nodes = { capacity.Nodes.Select(ToProto) },
        Tenants = { capacity.Tenants.Select(ToProto) },
        PlannedAt = capacity.PlannedAt > DateTimeOffset.UnixEpoch ? Timestamp.FromDateTimeOffset(capacity.PlannedAt) : null,
        PlanMs = capacity.PlanMs,
        Waiting = capacity.Waiting,
        ReservedFor = capacity.ReservedFor,
    };

    private static Proto.NodeCapacity ToProto(Domain.NodeCapacity node)
    {
        var proto = new Proto.NodeCapacity
        {
            NodeId = node.Node,
            Cell = node.Cell,
            GpuType = node.GpuType,
            Gpus = node.Gpus,
            Training = node.Training,
            Serving = node.Serving,
            Lent = node.Lent,
            Free = node.Free,
            Jobs = { node.Jobs },
            Closed = node.Closed,
            LinkClaimedBytesPerSecond = node.LinkClaimedBytesPerSecond,
        };
        if (node.LinkBytesPerSecond is { } link) proto.LinkBytesPerSecond = link;
        return proto;
    }

    private static Proto.TenantCapacity ToProto(Domain.TenantCapacity tenant)
    {
        var proto = new Proto.TenantCapacity { Tenant = tenant.Tenant, Gpus = tenant.Gpus, Weight = tenant.Weight, Usage = tenant.Usage, Waiting = tenant.Waiting };
        if (tenant.MaxGpus is { } max) proto.MaxGpus = max;
        return proto;
    }
}
