using Grpc.Core;
using InferMesh.Api.Security.Access;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    [Needs(Permission.ModelsRead)]
    public override async Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var snapshots = await cells.ReadAsync(context.CancellationToken);
        var models = snapshots.SelectMany(snapshot => Replicas(snapshot, request.Name))
            .GroupBy(replica => (replica.Model, replica.Revision))
            .OrderBy(group => group.Key.Model, StringComparer.Ordinal).ThenBy(group => group.Key.Revision, StringComparer.Ordinal)
            .Select(group => new Model { Name = group.Key.Model, Revision = group.Key.Revision, Replicas = { group.Select(replica => replica.Replica).OrderBy(r => r.NodeId, StringComparer.Ordinal) } });
        return new ListModelsResponse { Models = { models } };
    }

    private static bool IsCurrent(NodeView node) => node.SampledAt is not null && node.Health is not (NodeHealth.Joining or NodeHealth.Offline);

    private static bool Serves(NodeView node, string model, string revision) =>
        node.Runtimes.SelectMany(runtime => runtime.Models).Any(m => m.Loaded && m.Model == model && (revision.Length == 0 || m.Revision == revision));

    private static string RuntimesOf(NodeView node) =>
        node.Runtimes.Count == 0 ? "(none)" : string.Join(", ", node.Runtimes.Select(runtime => runtime.Runtime).Distinct(StringComparer.Ordinal));

    private static IEnumerable<(string Model, string Revision, ModelReplica Replica)> Replicas(CellSnapshot snapshot, string name)
    {
        var (targets, nodes) = (snapshot.Targets, snapshot.Nodes);
        return Enumerable.Range(0, targets.Node.Length)
            .Where(i => (name.Length == 0 || targets.Model[i] == name) && nodes.Health[targets.Node[i]] != NodeHealth.Offline)
            .Select(i => (targets.Model[i], targets.Revision[i], Replica(targets, i, nodes.Registration[targets.Node[i]])));
    }

    private static ModelReplica Replica(TargetColumns targets, int i, NodeRegistration node)
    {
        var replica = new ModelReplica
        {
            NodeId = node.NodeId,
            Runtime = targets.Runtime[i],
            Endpoint = targets.Endpoint[i],
            Status = !targets.Healthy[i] ? ModelStatus.Failed : targets.Loaded[i] ? ModelStatus.Loaded : ModelStatus.Available,
            Gpu = targets.Gpu[i],
            Synthetic = node.Synthetic,
        };
        if (!double.IsNaN(targets.Running[i])) replica.Running = targets.Running[i];
        if (!double.IsNaN(targets.Waiting[i])) replica.Waiting = targets.Waiting[i];
        if (!double.IsNaN(targets.KvCacheUsage[i])) replica.KvCacheUsage = targets.KvCacheUsage[i];
        return replica;
    }
}
