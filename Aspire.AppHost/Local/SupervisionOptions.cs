namespace InferMesh.AppHost.Local;

/// <summary>The times of the supervisor.</summary>
internal sealed record SupervisionOptions
{
    public RestartPolicy Restart { get; init; } = new();

    /// <summary>How long a process may take until it is healthy for the first time.</summary>
    public TimeSpan HealthLimit { get; init; } = TimeSpan.FromSeconds(120);

    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a process may take to end before it is killed.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A process that exits this often before it was ever healthy has failed: more of the same will not help.</summary>
    public int StartAttempts { get; init; } = 3;
}
