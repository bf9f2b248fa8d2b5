namespace InferMesh.Grains.Abstractions;

/// <summary>Names that producers and consumers of telemetry must share: a different partition count on one side loses messages silently.</summary>
public static class MeshStreams
{
    /// <summary>Stream provider of silo and client.</summary>
    public const string ProviderName = "telemetry";

    /// <summary>Queues of the provider, equal on silo and client.</summary>
    public const int PartitionCount = 8;

    /// <summary>Namespace of node telemetry; the key is the node id.</summary>
    public const string NodeTelemetry = "node-telemetry";
}
