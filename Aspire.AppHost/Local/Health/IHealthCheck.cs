namespace InferMesh.AppHost.Local.Health;

/// <summary>Tells whether a running process is up.</summary>
internal interface IHealthCheck
{
    /// <summary>One look; "not yet" is false, never an exception other than cancellation.</summary>
    Task<bool> IsHealthyAsync(ProcessLog log, CancellationToken cancellationToken);
}
