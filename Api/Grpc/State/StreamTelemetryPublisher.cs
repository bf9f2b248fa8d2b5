using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Grpc.State;

/// <summary>Publishes on the stream of the node.</summary>
internal sealed class StreamTelemetryPublisher(IClusterClient client) : ITelemetryPublisher
{
    public Task PublishAsync(NodeTelemetry telemetry) =>
        client.GetStreamProvider(MeshStreams.ProviderName).GetStream<NodeTelemetry>(StreamId.Create(MeshStreams.NodeTelemetry, telemetry.NodeId)).OnNextAsync(telemetry);
}
