using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.Sglang;

/// <summary>SGLang, started with <c>--enable-metrics</c> (https://docs.sglang.ai/references/production_metrics.html).</summary>
/// <remarks><c>/health_generate</c> would be the deeper check, but it generates a token at each read, which is load of our own making.</remarks>
internal static class SglangDialect
{
    private const string Model = "model";
    private const string Server = "server";

    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = "sglang",
        Health = "/health",
        Documents =
        [
            OpenAiModelList.Document,
            new(Model, "/model_info", "/get_model_info") { Once = true, Optional = true },
            new(Server, "/server_info", "/get_server_info") { Once = true, Optional = true },
        ],
        Inventory = Inventory,
        MetricsPath = "/metrics",
        Metrics = Metrics,
        Operations = new Dictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>>
        {
            [RuntimeOperation.LoadAdapter] = command => RuntimeCall.Post("/load_lora_adapter", new { lora_name = command.Model, lora_path = command.Source }),
            [RuntimeOperation.UnloadAdapter] = command => RuntimeCall.Post("/unload_lora_adapter", new { lora_name = command.Model }),
            // Both need --enable-memory-saver; the weights stay in host memory or are dropped as that is set up, so there is no level to choose.
            [RuntimeOperation.Sleep] = _ => RuntimeCall.Post("/release_memory_occupation", new { }),
            [RuntimeOperation.Wake] = _ => RuntimeCall.Post("/resume_memory_occupation", new { }),
        },
    };

    private static RuntimeMetrics Metrics { get; } = new()
    {
        Prefix = "sglang:",
        ModelLabel = "model_name",
        Running = ["sglang:num_running_reqs"],
        Waiting = ["sglang:num_queue_reqs"],
        KvCacheUsage = ["sglang:token_usage"],
        PromptTokens = ["sglang:prompt_tokens_total"],
        GenerationTokens = ["sglang:generation_tokens_total"],
        GenerationTokensPerSecond = ["sglang:gen_throughput"],
        Preemptions = ["sglang:num_retracted_requests_total"], // its gauge num_retracted_reqs is of the last batch only
        PrefixQueries = ["sglang:prompt_tokens_total"],
        PrefixHits = ["sglang:cached_tokens_total"],
        PrefixHitRate = ["sglang:cache_hit_rate"], // of the last prefill batch
        Ttft = new("sglang:time_to_first_token_seconds"),
        Tpot = new("sglang:inter_token_latency_seconds", "sglang:time_per_output_token_seconds"),
        E2E = new("sglang:e2e_request_latency_seconds"),
        QueueTime = new("sglang:queue_time_seconds"),
    };

    private static RuntimeInventory Inventory(RuntimeDocuments documents)
    {
        var tokenizer = documents.Read(Model, root => root.Text("tokenizer_path"));
        var server = documents.Read(Server, root => new ModelEntry("")
        {
            Tokenizer = root.Text("tokenizer_path"),
            Quantization = root.Text("quantization"),
            MaxModelLen = root.Count("context_length"),
            MaxInputTokens = root.Count("max_req_input_len"),
            SupportsLora = root.Flag("enable_lora"),
            MaxLora = root.Flag("enable_lora") == true ? root.Count("max_loras_per_batch") : null,
        });
        return new()
        {
            Models = OpenAiModelList.Read(documents)?.Select(entry => Describe(entry, server, tokenizer)).ToArray(),
            Version = documents.Read(Server, root => root.Text("version")),
        };
    }

    private static ModelEntry Describe(ModelEntry entry, ModelEntry? server, string? tokenizer) => entry with
    {
        Tokenizer = tokenizer ?? server?.Tokenizer,
        Quantization = server?.Quantization,
        MaxModelLen = entry.MaxModelLen ?? server?.MaxModelLen,
        MaxInputTokens = server?.MaxInputTokens,
        SupportsLora = server?.SupportsLora,
        MaxLora = server?.MaxLora,
    };
}
