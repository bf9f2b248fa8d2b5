using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Silo.Probes;

/// <summary>Reports to the cluster that this silo is part of, by the same grain and stream as an API does.</summary>
internal sealed class ClusterTelemetrySink(IClusterClient cluster) : ITelemetrySink
{
    private const string Actor = "silo-probes";

    public async Task<IReadOnlyList<FieldError>> RegisterAsync(NodeRegistration registration)
    {
        var result = await cluster.GetGrain<INodeGrain>(registration.NodeId).Register(registration, Actor);
        if (result.Status == NodeCommandStatus.Accepted)
            return [];
        return result.Errors.Count > 0 ? result.Errors : [new FieldError("", $"the registration ended as {result.Status}")];
    }

    public Task PublishAsync(NodeTelemetry telemetry) =>
        cluster.GetStreamProvider(MeshStreams.ProviderName)
            .GetStream<NodeTelemetry>(StreamId.Create(MeshStreams.NodeTelemetry, telemetry.NodeId))
            .OnNextAsync(telemetry);
}
