using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Silo.Probes;

/// <summary>Where the silo's own probes report.</summary>
internal interface ITelemetrySink
{
    /// <summary>Registers the node.</summary>
    /// <returns>What is wrong with the registration; empty when it was accepted.</returns>
    Task<IReadOnlyList<FieldError>> RegisterAsync(NodeRegistration registration);

    /// <summary>Sends one batch.</summary>
    Task PublishAsync(NodeTelemetry telemetry);
}
