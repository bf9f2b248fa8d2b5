using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

internal sealed partial class StatePlaneService
{
    // These answers have no pages: beyond this a caller must narrow its question.
    private const int MaxNodes = 1000;
    private const int MaxModelStates = 10_000;
    private const int NodeReadParallelism = 32;

    [Needs(Permission.FleetRead)]
    public override async Task<ModelState> GetModelState(GetModelStateRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Name("node_id", request.NodeId);
        violations.Text("model", request.Model);
        violations.ThrowIfAny();
        var node = await ReadNodeAsync(request.NodeId, context.CancellationToken);
        return States(node, request.Model).FirstOrDefault() ?? throw RpcErrors.NotFound($"model on node {request.NodeId}", request.Model);
    }

    [Needs(Permission.FleetRead)]
    public override async Task<ListModelStatesResponse> ListModelStates(ListModelStatesRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        if (request.NodeId.Length > 0) violations.Name("node_id", request.NodeId);
        violations.OptionalText("model", request.Model);
        violations.ThrowIfAny();
        if (request.NodeId.Length > 0)
            return new ListModelStatesResponse { States = { States(await ReadNodeAsync(request.NodeId, context.CancellationToken), request.Model) } };

        var snapshots = await cells.ReadAsync(context.CancellationToken);
        ModelState[] states = [.. snapshots.SelectMany(snapshot => SnapshotStates.Of(snapshot, request.Model)).Take(MaxModelStates + 1)];
        violations.Require(states.Length <= MaxModelStates, "node_id", $"there are more than {MaxModelStates} states: name a node or a model.");
        violations.ThrowIfAny();
        return new ListModelStatesResponse { States = { states } };
    }

    [Needs(Permission.FleetRead)]
    public override async Task<GpuState> GetGpuState(GetGpuStateRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        if (request.NodeId.Length > 0) violations.Name("node_id", request.NodeId);
        violations.Text("gpu_uuid", request.GpuUuid, ReportLimits.MaxText);
        violations.ThrowIfAny();
        var gpus = await ReadGpusAsync(request.NodeId, context.CancellationToken);
        return gpus.FirstOrDefault(gpu => gpu.GpuUuid == request.GpuUuid) ?? throw RpcErrors.NotFound("GPU", request.GpuUuid);
    }

    [Needs(Permission.FleetRead)]
    public override async Task<ListGpuStatesResponse> ListGpuStates(ListGpuStatesRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        if (request.NodeId.Length > 0) violations.Name("node_id", request.NodeId);
        violations.ThrowIfAny();
        return new ListGpuStatesResponse { States = { await ReadGpusAsync(request.NodeId, context.CancellationToken) } };
    }

    /// <summary>GPUs of one node, or of all: snapshots have none in detail, so their nodes are asked.</summary>
    private async Task<IReadOnlyList<GpuState>> ReadGpusAsync(string nodeId, CancellationToken cancellationToken)
    {
        if (nodeId.Length > 0) return Gpus(await ReadNodeAsync(nodeId, cancellationToken));

        var snapshots = await cells.ReadAsync(cancellationToken);
        string[] nodes = [.. snapshots.SelectMany(WithGpus).Take(MaxNodes + 1)];
        var violations = new Violations();
        violations.Require(nodes.Length <= MaxNodes, "node_id", $"there are more than {MaxNodes} nodes: name one.");
        violations.ThrowIfAny();
        var gpus = new IReadOnlyList<GpuState>[nodes.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = NodeReadParallelism, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, nodes.Length, options, async (i, token) =>
        {
            var view = await calls.RetryAsync(grains => grains.GetGrain<INodeGrain>(nodes[i]).Get(), token);
            gpus[i] = view is null ? [] : Gpus(view); // Removed since the snapshot.
        });
        return [.. gpus.SelectMany(list => list)];
    }

    private static IEnumerable<string> WithGpus(CellSnapshot snapshot) =>
        snapshot.Nodes.Registration.Where((_, i) => snapshot.Nodes.Gpus[i].Count > 0).Select(registration => registration.NodeId);

    private static GpuState[] Gpus(NodeView view) => [.. view.Gpus.Select(gpu => SampleMapper.ToProto(gpu, view.Registration.NodeId))];

    private static IEnumerable<ModelState> States(NodeView view, string model) =>
        view.Runtimes.SelectMany(runtime => runtime.Models.Where(m => model.Length == 0 || m.Model == model).Select(m => SampleMapper.ToProto(m, runtime, view.Registration.NodeId)));
}
