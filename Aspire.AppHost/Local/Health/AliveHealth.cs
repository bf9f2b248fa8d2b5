namespace InferMesh.AppHost.Local.Health;

/// <summary>A process that runs is up.</summary>
internal sealed class AliveHealth : IHealthCheck
{
    public static AliveHealth Instance { get; } = new();

    public Task<bool> IsHealthyAsync(ProcessLog log, CancellationToken cancellationToken) => Task.FromResult(true);
}
