using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    private const int DefaultPageSize = 100;
    private const int MaxPageSize = 1000;
    private const int DefaultDrainSeconds = 300;
    private const int MaxDrainSeconds = 86_400;

    [Needs(Permission.FleetRead)]
    public override async Task<ListNodesResponse> ListNodes(ListNodesRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Require(Enum.IsDefined(request.Role), "role", "is not a role.");
        violations.Require(Enum.IsDefined(request.Status), "status", "is not a status.");
        violations.Require(request.PageSize is >= 0 and <= MaxPageSize, "page_size", $"must be 1 to {MaxPageSize}, or 0 for {DefaultPageSize}.");
        violations.Require(PageToken.TryRead(request.PageToken, out var after), "page_token", "must be a next_page_token of this call.");
        violations.ThrowIfAny();

        var snapshots = request.Cell.Length == 0
            ? await cells.ReadAsync(context.CancellationToken)
            : await cells.ReadAsync(request.Cell, context.CancellationToken) is { } cell ? [cell] : [];
        var matches = snapshots.SelectMany(Rows)
            // A node that moved may still stand in the snapshot of its old cell: the newer registration is the true one.
            .GroupBy(row => row.Registration.NodeId, StringComparer.Ordinal)
            .Select(rows => rows.MaxBy(row => row.Snapshot.Nodes.Version[row.Index]))
            .Where(row => Matches(row, request))
            .OrderBy(row => row.Registration.NodeId, StringComparer.Ordinal)
            .ToList();
        var size = request.PageSize == 0 ? DefaultPageSize : request.PageSize;
        var rest = matches.Where(row => string.CompareOrdinal(row.Registration.NodeId, after) > 0).Take(size + 1).ToList();
        var response = new ListNodesResponse { Total = matches.Count };
        response.Nodes.AddRange(rest.Take(size).Select(row => NodeMapper.ToProto(row.Snapshot.Nodes, row.Index, ModelsOf(row))));
        if (rest.Count > size) response.NextPageToken = PageToken.Write(response.Nodes[^1].Id);
        return response;
    }

    [Needs(Permission.FleetRead)]
    public override async Task<Node> GetNode(GetNodeRequest request, ServerCallContext context)
    {
        CheckName("node_id", request.NodeId);
        var view = await calls.RetryAsync(grains => grains.GetGrain<INodeGrain>(request.NodeId).Get(), context.CancellationToken);
        return NodeMapper.ToProto(view ?? throw RpcErrors.NotFound("node", request.NodeId));
    }

    [Needs(Permission.FleetOperate)]
    public override async Task<Node> DrainNode(DrainNodeRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Require(request.TimeoutSeconds is >= 0 and <= MaxDrainSeconds, "timeout_seconds", $"must be 1 to {MaxDrainSeconds}, or 0 for {DefaultDrainSeconds}.");
        violations.ThrowIfAny();

        var timeout = TimeSpan.FromSeconds(request.TimeoutSeconds == 0 ? DefaultDrainSeconds : request.TimeoutSeconds);
        var actor = context.Actor();
        var result = await calls.OnceAsync(grains => grains.GetGrain<INodeGrain>(request.NodeId).Drain(request.Force, timeout, actor), context.CancellationToken);
        return NodeMapper.ToProto(NodeResults.Accepted(result, request.NodeId));
    }

    [Needs(Permission.FleetOperate)]
    public override Task<Node> CordonNode(CordonNodeRequest request, ServerCallContext context) =>
        CommandAsync(request.NodeId, request.Reason, (node, actor) => node.Cordon(request.Reason, actor), context);

    [Needs(Permission.FleetOperate)]
    public override Task<Node> QuarantineNode(QuarantineNodeRequest request, ServerCallContext context) =>
        CommandAsync(request.NodeId, request.Reason, (node, actor) => node.Quarantine(request.Reason, actor), context);

    [Needs(Permission.FleetOperate)]
    public override Task<Node> MaintainNode(MaintainNodeRequest request, ServerCallContext context) =>
        CommandAsync(request.NodeId, request.Reason, (node, actor) => node.Maintain(request.Reason, actor), context);

    [Needs(Permission.FleetOperate)]
    public override Task<Node> UncordonNode(UncordonNodeRequest request, ServerCallContext context) =>
        CommandAsync(request.NodeId, "", static (node, actor) => node.Uncordon(actor), context);

    /// <summary>A command that may be repeated: the second one finds done what the first one did.</summary>
    private async Task<Node> CommandAsync(string nodeId, string reason, Func<INodeGrain, string, Task<NodeCommandResult>> command, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", nodeId);
        violations.OptionalText("reason", reason);
        violations.ThrowIfAny();
        var actor = context.Actor();
        return NodeMapper.ToProto(NodeResults.Accepted(await calls.RetryAsync(grains => command(grains.GetGrain<INodeGrain>(nodeId), actor), context.CancellationToken), nodeId));
    }

    private static IEnumerable<NodeRow> Rows(CellSnapshot snapshot) => Enumerable.Range(0, snapshot.Nodes.Registration.Length).Select(i => new NodeRow(snapshot, i));

    private static IEnumerable<string> ModelsOf(NodeRow row)
    {
        var targets = row.Snapshot.Targets;
        return Enumerable.Range(0, targets.Node.Length).Where(i => targets.Node[i] == row.Index).Select(i => targets.Model[i]);
    }

    private static bool Matches(NodeRow row, ListNodesRequest request) =>
        (request.Role == NodeRole.Unspecified || row.Registration.Roles.Any(role => NodeMapper.Role(role) == request.Role))
        && (request.Status == NodeStatus.Unspecified || NodeMapper.Status(row.Snapshot.Nodes.Health[row.Index]) == request.Status)
        && (request.Zone.Length == 0 || row.Registration.Zone == request.Zone);

    private readonly record struct NodeRow(CellSnapshot Snapshot, int Index)
    {
        public NodeRegistration Registration => Snapshot.Nodes.Registration[Index];
    }
}
