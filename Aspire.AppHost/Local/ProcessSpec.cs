using InferMesh.AppHost.Local.Health;

namespace InferMesh.AppHost.Local;

/// <summary>One process to keep running.</summary>
/// <param name="Name">Names the log file, the pid file and the notices.</param>
/// <param name="File">The program.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record ProcessSpec(string Name, string File, IReadOnlyList<string> Arguments)
{
    /// <summary>Variables set (or, with null, removed) on top of the inherited ones.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public string? WorkingDirectory { get; init; }

    /// <summary>When the process counts as up.</summary>
    public IHealthCheck Health { get; init; } = AliveHealth.Instance;

    /// <summary>What a line of output says that <see cref="ReadyLineHealth"/> waits for.</summary>
    public string? ReadyLine { get; init; }

    /// <summary>What asks the process to end.</summary>
    public UnixSignal StopSignal { get; init; } = UnixSignal.Terminate;

    // The environment holds connection strings, and a record prints all it has.
    public override string ToString() => Name;
}
