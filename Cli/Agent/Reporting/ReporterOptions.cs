namespace InferMesh.Cli.Agent.Reporting;

/// <summary>How a node reports.</summary>
internal sealed record ReporterOptions
{
    /// <summary>Time between reports.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two measurements of the way to an API.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Life of the process; see <see cref="Adapters.Probing.NodeEpoch"/>.</summary>
    public required long Epoch { get; init; }

    /// <summary>Whether to send nothing for now; the stream stays open.</summary>
    public Func<bool> Silent { get; init; } = static () => false;

    /// <summary>How long the first connection waits for the first readings, so that a node is registered as what it is.</summary>
    public TimeSpan FirstReadingsLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Limit of the registration call.</summary>
    public TimeSpan RegisterLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a stop waits for the stream to end well.</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>A stream without an acknowledgement for so long is broken.</summary>
    public TimeSpan AckLimit => (3 * Interval) + TimeSpan.FromSeconds(2);
}
