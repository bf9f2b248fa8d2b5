using InferMesh.Adapters.Runtimes;

namespace InferMesh.Adapters.Probing;

/// <summary>The newest word about one runtime: what it said, and what its operator declared.</summary>
public sealed record RuntimeEntry
{
    /// <summary>Which runtime, with what its operator declared.</summary>
    public required RuntimeTarget Target { get; init; }

    /// <summary>Whether the last read found it healthy.</summary>
    public required bool Healthy { get; init; }

    /// <summary>What went wrong in the last read; "" when nothing did. A healthy runtime may have an error too.</summary>
    public string Error { get; init; } = "";

    /// <summary>Its models; empty when none is known.</summary>
    public IReadOnlyList<ModelReading> Models { get; init; } = [];

    /// <summary>Whether the runtime declares itself an imitation.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Timestamp of the probe's clock at which the read began, or at which it was given up.</summary>
    public required long SampledAt { get; init; }
}
