namespace InferMesh.Adapters.Runtimes;

/// <summary>What one runtime said about itself and its models at one moment.</summary>
public sealed record RuntimeReading
{
    /// <summary>Kind of runtime, for example <c>vllm</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>Root of the runtime's HTTP interface, without a trailing slash.</summary>
    public required string Endpoint { get; init; }

    /// <summary>True when the runtime's own health check passed. A healthy runtime may still lack readings: see <see cref="Error"/>.</summary>
    public required bool Healthy { get; init; }

    /// <summary>True when the runtime is up and says that it is still loading; a runtime that does not tell is merely not healthy.</summary>
    public bool Loading { get; init; }

    /// <summary>Version that the runtime states; null when it states none.</summary>
    public string? Version { get; init; }

    /// <summary>The models that the runtime serves, ordered by name; empty when none is known.</summary>
    public IReadOnlyList<ModelReading> Models { get; init; } = [];

    /// <summary>What went wrong, in one line; null when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>True when the runtime declares itself an imitation.</summary>
    public bool Synthetic { get; init; }

    /// <summary>When the reading was finished.</summary>
    public required DateTimeOffset SampledAt { get; init; }
}
