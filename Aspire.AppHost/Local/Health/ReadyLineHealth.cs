namespace InferMesh.AppHost.Local.Health;

/// <summary>A process is up once it has printed its ready line.</summary>
internal sealed class ReadyLineHealth : IHealthCheck
{
    public static ReadyLineHealth Instance { get; } = new();

    public Task<bool> IsHealthyAsync(ProcessLog log, CancellationToken cancellationToken) => Task.FromResult(log.ReadyLineSeen);
}
