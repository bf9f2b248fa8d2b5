namespace InferMesh.Simulator.Service;

/// <summary>One GPU or slice as the <c>token_rate</c> model sees it.</summary>
/// <param name="TokensPerSecond">Tokens per second of the whole GPU, prompt and output alike; all active batches share it. More than 0.</param>
/// <param name="Concurrency">Batches at the same time, 1 or more.</param>
/// <param name="BatchWindowNs">How long an open batch waits for more requests, nanoseconds, 0 or more.</param>
/// <param name="MemoryGb">Memory that requests may use in GB: the device's, less the weights. More than 0.</param>
/// <param name="KvCacheGbPerRequest">Memory of a language-model request in GB, more than 0.</param>
public sealed record TokenRateSettings(double TokensPerSecond, int Concurrency, long BatchWindowNs, double MemoryGb, double KvCacheGbPerRequest)
{
    /// <summary>Memory of a vision request in GB.</summary>
    public const double VisionGb = 0.5;

    /// <summary>Memory of a speech request in GB.</summary>
    public const double AsrGb = 0.2;

    /// <summary>A batch is full at this many requests per place.</summary>
    public const int RequestsPerPlace = 8;

    // The profile that the fixed service times of vision (50 ms at 0.8) and speech (30 ms at 0.9) are given for.
    private const double ReferenceTokensPerSecond = 240_000;

    /// <summary>Requests of a full batch.</summary>
    public int MaxBatch => RequestsPerPlace * Concurrency;

    /// <summary>Memory of one request in GB.</summary>
    public double GbOf(RequestType type) => type switch { RequestType.Vision => VisionGb, RequestType.Asr => AsrGb, _ => KvCacheGbPerRequest };

    /// <summary>Work of one request in tokens, up to the first token and in all.</summary>
    public static (double First, double All) WorkOf(RequestType type, int promptTokens, int outputTokens) => type switch
    {
        RequestType.Vision => (0.050 * 0.8 * ReferenceTokensPerSecond, 0.050 * 0.8 * ReferenceTokensPerSecond),
        RequestType.Asr => (0.030 * 0.9 * ReferenceTokensPerSecond, 0.030 * 0.9 * ReferenceTokensPerSecond),
        _ => (promptTokens, (double)promptTokens + outputTokens),
    };
}
