using System.Collections.Concurrent;
using InferMesh.Api.Grpc.State;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Tests.Unit.Api.Grpc.Fakes;

/// <summary>Takes readings, or does with them what a test says.</summary>
internal sealed class FakePublisher : ITelemetryPublisher
{
    public ConcurrentQueue<NodeTelemetry> Published { get; } = [];

    public Func<NodeTelemetry, Task> OnPublish { get; set; } = _ => Task.CompletedTask;

    public Task PublishAsync(NodeTelemetry telemetry)
    {
        Published.Enqueue(telemetry);
        return OnPublish(telemetry);
    }
}
