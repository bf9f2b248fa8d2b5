using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Nodes on the wire.</summary>
internal static class NodeMapper
{
    public static NodeStatus Status(NodeHealth health) => health switch
    {
        NodeHealth.Ready => NodeStatus.Healthy,
        NodeHealth.Joining or NodeHealth.Suspect => NodeStatus.Unhealthy,
        NodeHealth.Cordoned or NodeHealth.Draining or NodeHealth.Maintenance => NodeStatus.Draining,
        NodeHealth.Quarantined or NodeHealth.Probing => NodeStatus.Unhealthy,
        NodeHealth.Offline => NodeStatus.Offline,
        _ => NodeStatus.Unspecified,
    };

    public static NodeRole Role(string role) => role switch
    {
        "gpu" => NodeRole.Gpu,
        "router" => NodeRole.Router,
        "edge" => NodeRole.Edge,
        _ => NodeRole.Unspecified,
    };

    /// <summary>A node of a snapshot.</summary>
    public static Node ToProto(NodeColumns nodes, int i, IEnumerable<string> models)
    {
        var node = ToProto(nodes.Registration[i], nodes.Health[i]);
        var gpus = nodes.Gpus[i];
        node.GpuCount = gpus.Count;
        node.GpuName = gpus.Name;
        node.VramTotalBytes = (ulong)gpus.VramTotalBytes;
        node.VramUsedBytes = (ulong)gpus.VramUsedBytes;
        if (gpus.SmUtilization is { } utilization) node.SmUtilization = utilization;
        if (nodes.SampledAtTicks[i] > 0) node.SampledAt = Timestamp.FromDateTime(new DateTime(nodes.SampledAtTicks[i], DateTimeKind.Utc));
        node.Models.AddRange(models.Distinct(StringComparer.Ordinal));
        node.Version = nodes.Version[i];
        return node;
    }

    /// <summary>A node as its grain tells it.</summary>
    public static Node ToProto(NodeView view)
    {
        var node = ToProto(view.Registration, view.Health);
        node.GpuCount = view.Gpus.Count;
        node.GpuName = view.Gpus is [var first, ..] ? first.Name : "";
        node.VramTotalBytes = (ulong)view.Gpus.Sum(gpu => gpu.VramTotalBytes ?? 0);
        node.VramUsedBytes = (ulong)view.Gpus.Sum(gpu => gpu.VramUsedBytes ?? 0);
        if (view.Gpus.Average(gpu => gpu.SmUtilization) is { } utilization) node.SmUtilization = utilization;
        if (view.SampledAt is { } sampledAt) node.SampledAt = Timestamp.FromDateTimeOffset(sampledAt);
        node.Models.AddRange(view.Runtimes.SelectMany(runtime => runtime.Models).Select(model => model.Model).Distinct(StringComparer.Ordinal));
        node.Version = view.Version;
        node.Reason = view.Reason;
        node.Drained = view.Drained;
        if (view.Quarantine is { } quarantine) node.Quarantine = ToProto(quarantine);
        return node;
    }

    private static InferMesh.Control.V1.NodeQuarantine ToProto(InferMesh.Grains.Abstractions.Nodes.NodeQuarantine quarantine) => new()
    {
        Kind = JsonNamingPolicy.SnakeCaseLower.ConvertName(quarantine.Fault.Kind.ToString()),
        Subject = quarantine.Fault.Subject,
        Evidence = quarantine.Fault.Evidence,
        Since = Timestamp.FromDateTimeOffset(quarantine.Since),
        Until = quarantine.Until == DateTimeOffset.MaxValue ? null : Timestamp.FromDateTimeOffset(quarantine.Until),
        Times = quarantine.Times,
        Probing = quarantine.Probing,
    };

    private static Node ToProto(NodeRegistration registration, NodeHealth health) => new()
    {
        Id = registration.NodeId,
        Cell = registration.CellId,
        Zone = registration.Zone,
        Region = registration.Region,
        FailureDomain = registration.FailureDomain,
        Labels = { registration.Labels.ToDictionary() },
        Roles = { registration.Roles.Select(Role) },
        Status = Status(health),
        Health = health.ToString().ToLowerInvariant(),
        Synthetic = registration.Synthetic,
    };
}
