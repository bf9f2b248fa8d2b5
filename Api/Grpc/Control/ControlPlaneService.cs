using Google.Protobuf.Collections;
using InferMesh.Api.Calls;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Security.Keys;
using InferMesh.Api.Security.Limits;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Grpc.Control;

/// <summary>The control plane over gRPC: a thin layer that checks, calls one grain and maps the answer.</summary>
internal sealed partial class ControlPlaneService(
    GrainCalls calls, OwnReader own, KeyAdmin keys, FleetReader cells, EndpointDirectory endpoints, StreamPlaces places, TimeProvider time, IHostApplicationLifetime lifetime) : ControlPlane.ControlPlaneBase
{
    private const int MaxTargetNodes = 1000;
    private const int NodeReadParallelism = 32;

    /// <summary>Checks what every deletion asks for; returns the version that must be current.</summary>
    private static long CheckDelete(string name, bool hasVersion, long version)
    {
        var violations = new Violations();
        violations.Name("name", name);
        CheckVersion(violations, hasVersion, version);
        violations.ThrowIfAny();
        return hasVersion ? version : PolicyVersions.Any;
    }

    private static void CheckName(string field, string value)
    {
        var violations = new Violations();
        violations.Name(field, value);
        violations.ThrowIfAny();
    }

    private static void CheckModelAndNodes(string model, RepeatedField<string> nodes, bool nodesRequired)
    {
        var violations = new Violations();
        violations.Text("model_name", model);
        violations.Require(!model.Contains('*', StringComparison.Ordinal), "model_name", "must be one model: '*' is for policies.");
        violations.Require(nodes.Count <= MaxTargetNodes && (nodes.Count > 0 || !nodesRequired), "target_nodes", $"must name {(nodesRequired ? 1 : 0)} to {MaxTargetNodes} nodes.");
        foreach (var (i, node) in nodes.Take(MaxTargetNodes).Index()) violations.Name($"target_nodes[{i}]", node);
        violations.ThrowIfAny();
    }

    /// <summary>The named nodes; NOT_FOUND names those that are not registered.</summary>
    private async Task<IReadOnlyList<NodeView>> ReadNodesAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        string[] distinct = [.. ids.Distinct(StringComparer.Ordinal)];
        var views = new NodeView?[distinct.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = NodeReadParallelism, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, distinct.Length, options, async (i, token) => views[i] = await calls.RetryAsync(grains => grains.GetGrain<INodeGrain>(distinct[i]).Get(), token));
        string[] missing = [.. distinct.Where((_, i) => views[i] is null)];
        return missing.Length == 0 ? [.. views.OfType<NodeView>()] : throw RpcErrors.NotFound("node", missing);
    }
}
