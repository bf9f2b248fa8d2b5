using System.Globalization;
using InferMesh.Adapters.Runtimes.Http;
using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>vLLM: engine v0 and v1 metric names (https://docs.vllm.ai/en/latest/usage/metrics.html), sleep mode and LoRA at run time.</summary>
internal static class VllmDialect
{
    private const string ModelLabel = "model_name";
    private const string SleepState = "vllm:engine_sleep_state";
    private const string LoraInfo = "vllm:lora_requests_info";
    private const string Version = "version";

    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = RuntimeKinds.Vllm,
        Health = "/health",
        Documents = [OpenAiModelList.Document, new(Version, "/version") { Once = true, Optional = true }],
        Inventory = documents => new()
        {
            Models = OpenAiModelList.Read(documents),
            Version = documents.Read(Version, root => root.Text("version")),
        },
        MetricsPath = "/metrics",
        Metrics = Metrics,
        Operations = new Dictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>>
        {
            [RuntimeOperation.LoadAdapter] = command => RuntimeCall.Post("/v1/load_lora_adapter", new { lora_name = command.Model, lora_path = command.Source }),
            [RuntimeOperation.UnloadAdapter] = command => RuntimeCall.Post("/v1/unload_lora_adapter", new { lora_name = command.Model }),
            [RuntimeOperation.Sleep] = command => RuntimeCall.Post(string.Create(CultureInfo.InvariantCulture, $"/sleep?level={command.SleepLevel}")),
            [RuntimeOperation.Wake] = Wake,
        },
    };

    private static RuntimeMetrics Metrics { get; } = new()
    {
        Prefix = "vllm:",
        ModelLabel = ModelLabel,
        Running = ["vllm:num_requests_running"],
        Waiting = ["vllm:num_requests_waiting"],
        Swapped = ["vllm:num_requests_swapped"], // v0 only: v1 recomputes instead of swapping
        KvCacheUsage = ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"],
        PromptTokens = ["vllm:prompt_tokens_total", "vllm:prompt_tokens"],
        GenerationTokens = ["vllm:generation_tokens_total", "vllm:generation_tokens"],
        Preemptions = ["vllm:num_preemptions_total", "vllm:num_preemptions"],
        PrefixQueries = ["vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total", "vllm:prefix_cache_queries", "vllm:gpu_prefix_cache_queries"],
        PrefixHits = ["vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total", "vllm:prefix_cache_hits", "vllm:gpu_prefix_cache_hits"],
        PrefixHitRate = ["vllm:gpu_prefix_cache_hit_rate"], // v0; -1 until the first lookup
        Ttft = new("vllm:time_to_first_token_seconds"),
        // v0's time_per_output_token is v1's inter_token_latency: both observe every gap. The per-request mean comes last, being another quantity.
        Tpot = new("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds", "vllm:request_time_per_output_token_seconds"),
        E2E = new("vllm:e2e_request_latency_seconds"),
        QueueTime = new("vllm:request_queue_time_seconds"),
        Extra = (page, reading) => ReadLora(page, reading) with { Loaded = !Asleep(page, reading.Model) },
    };

    /// <summary>Weights that were dropped must be read again before the KV cache takes the rest of the memory.</summary>
    private static IReadOnlyList<RuntimeCall> Wake(RuntimeCommand command) => command.SleepLevel == 1
        ? RuntimeCall.Post("/wake_up")
        : [
            .. RuntimeCall.Post("/wake_up?tags=weights"),
            .. RuntimeCall.Post("/collective_rpc", new { method = "reload_weights" }),
            .. RuntimeCall.Post("/wake_up?tags=kv_cache"),
        ];

    private static ModelReading ReadLora(PrometheusPage page, ModelReading reading)
    {
        // Python's client keeps a series per label set for ever; the value is the time of the last update. v0 puts no model name on it.
        var latest = page.Samples(LoraInfo)
            .Where(sample => sample.Labels[ModelLabel] is not { } model || model == reading.Model)
            .MaxBy(sample => sample.Value);
        if (latest is null)
            return reading;
        return reading with
        {
            RunningLoraAdapters = Adapters(latest.Labels["running_lora_adapters"]),
            WaitingLoraAdapters = Adapters(latest.Labels["waiting_lora_adapters"]),
            MaxLora = int.TryParse(latest.Labels["max_lora"], NumberStyles.None, CultureInfo.InvariantCulture, out var max) ? max : null,
            SupportsLora = true,
        };
    }

    private static string[]? Adapters(string? list) =>
        list?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A sleeping engine has moved its weights off the GPU or dropped them.</summary>
    private static bool Asleep(PrometheusPage page, string model) => page.Samples(SleepState, PrometheusLabels.Of(ModelLabel, model))
        .Any(sample => sample.Value > 0 && sample.Labels["sleep_state"] is { } state && state != "awake");
}
