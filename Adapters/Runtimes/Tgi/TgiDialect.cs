using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.Tgi;

/// <summary>Text Generation Inference, one model a process (https://huggingface.co/docs/text-generation-inference/reference/metrics).</summary>
internal static class TgiDialect
{
    private const string Info = "info";

    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = "tgi",
        Health = "/health",
        Documents = [new(Info, "/info") { Once = true }],
        Inventory = documents => new()
        {
            Models = documents.Read(
                Info,
                root => root.Text("model_id") is not { } id ? null : new[]
                {
                    new ModelEntry(id)
                    {
                        Revision = root.Text("model_sha"),
                        MaxModelLen = root.Count("max_total_tokens"),
                        MaxInputTokens = root.Count("max_input_tokens") ?? root.Count("max_input_length"), // renamed in 2.0
                    },
                },
                "no 'model_id' in the answer"),
            Version = documents.Read(Info, root => root.Text("version")),
        },
        MetricsPath = "/metrics",
        Metrics = Metrics,
    };

    /// <summary>Token counts exist only as histograms per request, whose sums are counters.</summary>
    private static RuntimeMetrics Metrics { get; } = new()
    {
        Prefix = "tgi_",
        Running = ["tgi_batch_current_size"],
        Waiting = ["tgi_queue_size"],
        PromptTokens = ["tgi_request_input_length_sum"],
        GenerationTokens = ["tgi_request_generated_tokens_sum"],
        Tpot = new("tgi_request_mean_time_per_token_duration"), // one mean a request, its prefill included
        E2E = new("tgi_request_duration"),
        QueueTime = new("tgi_request_queue_duration"),
    };
}
