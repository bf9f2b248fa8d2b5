namespace InferMesh.Adapters.Runtimes;

/// <summary>The load and speed of one model in one runtime.</summary>
/// <remarks>
/// A value that is not known is null and <see cref="Missing"/> says why, keyed by the property's name. Rates and latencies are of the
/// window since the previous read, so the first read has none, and neither has the first after the runtime restarted.
/// </remarks>
public sealed record ModelReading
{
    /// <summary>Name under which the model is served.</summary>
    public required string Model { get; init; }

    /// <summary>Revision of its weights; null where the runtime does not tell, which is most.</summary>
    public string? Revision { get; init; }

    /// <summary>Kind of runtime, for example <c>vllm</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>The model whose adapter this is; null for a model of its own. Load is counted at the base model.</summary>
    public string? BaseModel { get; init; }

    /// <summary>Requests in the running batch.</summary>
    public int? Running { get; init; }

    /// <summary>Requests that wait for a place in the batch.</summary>
    public int? Waiting { get; init; }

    /// <summary>Requests swapped out to host memory; only runtimes that swap have it.</summary>
    public int? Swapped { get; init; }

    /// <summary>Share of the KV cache in use, 0 to 1; the mean over engines.</summary>
    public double? KvCacheUsage { get; init; }

    /// <summary>Prompt tokens processed per second.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Output tokens generated per second.</summary>
    public double? GenerationTokensPerSecond { get; init; }

    /// <summary>Requests preempted per second, for want of KV cache.</summary>
    public double? PreemptionsPerSecond { get; init; }

    /// <summary>Time to first token.</summary>
    public LatencyWindow? Ttft { get; init; }

    /// <summary>Time per output token after the first.</summary>
    public LatencyWindow? Tpot { get; init; }

    /// <summary>Time from arrival to the last token.</summary>
    public LatencyWindow? E2E { get; init; }

    /// <summary>Time from arrival to the first place in a batch.</summary>
    public LatencyWindow? QueueTime { get; init; }

    /// <summary>Share of looked-up tokens that the prefix cache held, 0 to 1.</summary>
    public double? PrefixCacheHitRate { get; init; }

    /// <summary>LoRA adapters with running requests.</summary>
    public IReadOnlyList<string>? RunningLoraAdapters { get; init; }

    /// <summary>LoRA adapters with only waiting requests.</summary>
    public IReadOnlyList<string>? WaitingLoraAdapters { get; init; }

    /// <summary>LoRA adapters that fit into one batch.</summary>
    public int? MaxLora { get; init; }

    /// <summary>Longest context in tokens.</summary>
    public int? MaxModelLen { get; init; }

    /// <summary>Longest prompt in tokens, where the runtime limits it apart from the context.</summary>
    public int? MaxInputTokens { get; init; }

    /// <summary>Whether LoRA adapters can be served.</summary>
    public bool? SupportsLora { get; init; }

    /// <summary>Name or path of its tokenizer, as the runtime names it.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>How its weights are quantised, as the runtime names it, for example <c>awq</c>.</summary>
    public string? Quantization { get; init; }

    /// <summary>True when the model can serve; false while it is not loaded or the runtime sleeps.</summary>
    public required bool Loaded { get; init; }

    /// <summary>Time since the previous read of this model that rates and latencies are of; null when there is no window yet.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>Field name to the reason why that field is null.</summary>
    public IReadOnlyDictionary<string, string> Missing { get; init; } = MissingFields.None;

    /// <summary>When the values were taken.</summary>
    public required DateTimeOffset SampledAt { get; init; }
}
