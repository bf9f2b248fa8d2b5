namespace InferMesh.Adapters.Probing;

/// <summary>What a runtime can do at best, as its operator declares it: capability, not load. Null is unknown.</summary>
public sealed record RuntimeCapacity
{
    /// <summary>Most sequences in a batch; above 0.</summary>
    public double? MaxConcurrency { get; init; }

    /// <summary>Prompt tokens per second; above 0.</summary>
    public double? PrefillTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second of a full batch; above 0.</summary>
    public double? DecodeTokensPerSecond { get; init; }

    /// <summary>Seconds per output token of a lone sequence; above 0.</summary>
    public double? MinSecondsPerToken { get; init; }

    /// <summary>Nothing is known.</summary>
    public static RuntimeCapacity Unknown { get; } = new();
}
