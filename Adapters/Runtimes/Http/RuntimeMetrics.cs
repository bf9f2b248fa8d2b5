using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>One series of a page, or several that differ in labels that do not matter here.</summary>
/// <param name="Name">Name of the samples; of a histogram without suffix.</param>
/// <param name="Scale">Factor from the page's unit to ours: 1e-6 for microseconds.</param>
/// <param name="Label">Label that tells it from other series of the name; null for none.</param>
/// <param name="Value">Value of that label.</param>
internal sealed record Series(string Name, double Scale = 1, string? Label = null, string? Value = null)
{
    public static implicit operator Series(string name) => new(name);

    public override string ToString() => Label is null ? Name : $"{Name}{{{Label}=\"{Value}\"}}";
}

/// <summary>A share that is told as part and whole.</summary>
internal sealed record SeriesShare(Series Part, Series Whole);

/// <summary>Where a latency is: the first histogram that the page has, else the mean from two counters.</summary>
internal sealed record SeriesLatency(params Series[] Histograms)
{
    /// <summary>Counter of summed time; its scale makes it seconds.</summary>
    public Series? Sum { get; init; }

    /// <summary>Counter of what was timed.</summary>
    public Series? Count { get; init; }

    public static SeriesLatency None { get; } = new();
}

/// <summary>Where a runtime's page has each field of a reading: names newest first where versions differ. What is empty, the runtime does not report.</summary>
internal sealed record RuntimeMetrics
{
    /// <summary>Start of every name that tells of a model.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Label with the model's name; null where the page is about the only model of the process.</summary>
    public string? ModelLabel { get; init; }

    public Series[] Running { get; init; } = [];

    public Series[] Waiting { get; init; } = [];

    /// <summary>Running and waiting together, for a runtime that does not tell them apart in every version.</summary>
    public Series[] InSystem { get; init; } = [];

    public Series[] Swapped { get; init; } = [];

    public Series[] KvCacheUsage { get; init; } = [];

    public SeriesShare? KvCacheBlocks { get; init; }

    public Series[] PromptTokens { get; init; } = [];

    public Series[] GenerationTokens { get; init; } = [];

    /// <summary>Tokens per second as the runtime itself works it out, for a page without the counter.</summary>
    public Series[] GenerationTokensPerSecond { get; init; } = [];

    public Series[] Preemptions { get; init; } = [];

    public Series[] PrefixQueries { get; init; } = [];

    public Series[] PrefixHits { get; init; } = [];

    /// <summary>The hit rate as the runtime itself works it out, for a page without the counters.</summary>
    public Series[] PrefixHitRate { get; init; } = [];

    public SeriesLatency Ttft { get; init; } = SeriesLatency.None;

    public SeriesLatency Tpot { get; init; } = SeriesLatency.None;

    public SeriesLatency E2E { get; init; } = SeriesLatency.None;

    public SeriesLatency QueueTime { get; init; } = SeriesLatency.None;

    /// <summary>Adds what fits no table.</summary>
    public Func<PrometheusPage, ModelReading, ModelReading>? Extra { get; init; }

    /// <summary>The labels of a model's series; null matches every series.</summary>
    public PrometheusLabels? LabelsOf(string model) => ModelLabel is null ? null : PrometheusLabels.Of(ModelLabel, model);
}
