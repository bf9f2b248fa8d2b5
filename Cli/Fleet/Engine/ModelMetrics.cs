namespace InferMesh.Cli.Fleet.Engine;

/// <summary>Counters and histograms of one model on one node, in vLLM's terms; the engine's lock protects them.</summary>
internal sealed class ModelMetrics(string modelName)
{
    public string ModelName { get; } = modelName;

    public long PromptTokens { get; set; }

    public long GenerationTokens { get; set; }

    public long FinishedLength { get; set; }

    public long FinishedStop { get; set; }

    public long FinishedAbort { get; set; }

    public Histogram TimeToFirstToken { get; } = new(Histogram.FirstTokenBounds);

    public Histogram InterTokenLatency { get; } = new(Histogram.TokenBounds);

    public Histogram EndToEndLatency { get; } = new(Histogram.RequestBounds);

    public Histogram QueueTime { get; } = new(Histogram.RequestBounds);

    // Filled when a page is rendered.
    public int Running { get; set; }

    public int Waiting { get; set; }
}
