using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Grpc.State;

/// <summary>Hands readings to the cluster.</summary>
internal interface ITelemetryPublisher
{
    /// <summary>Done when the cluster has the batch.</summary>
    Task PublishAsync(NodeTelemetry telemetry);
}
