namespace InferMesh.Cli.Fleet;

/// <summary>Watches a running fleet, such as a telemetry agent that reports every node to a mesh.</summary>
internal interface IFleetObserver
{
    /// <summary>Runs until cancelled; called once every node serves.</summary>
    Task RunAsync(IReadOnlyList<SyntheticNode> nodes, CancellationToken cancellationToken);
}
