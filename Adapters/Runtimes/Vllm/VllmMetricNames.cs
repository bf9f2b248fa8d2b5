namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>Metric names of vLLM (https://docs.vllm.ai/en/latest/usage/metrics.html), newest first where engine v1 renamed one of v0.</summary>
internal static class VllmMetricNames
{
    public const string Prefix = "vllm:";
    public const string ModelLabel = "model_name";
    public const string Running = "vllm:num_requests_running";
    public const string Waiting = "vllm:num_requests_waiting";
    public const string Swapped = "vllm:num_requests_swapped"; // v0 only: v1 recomputes instead of swapping
    public const string SleepState = "vllm:engine_sleep_state";
    public const string PrefixHitRateGauge = "vllm:gpu_prefix_cache_hit_rate"; // v0; -1 until the first lookup
    public const string LoraInfo = "vllm:lora_requests_info";
    public const string LoraRunningLabel = "running_lora_adapters";
    public const string LoraWaitingLabel = "waiting_lora_adapters";
    public const string LoraMaxLabel = "max_lora";
    public const string ProcessStart = "process_start_time_seconds";
    public const string SyntheticMarker = "infermesh_synthetic";

    public static readonly string[] KvCacheUsage = ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"];
    public static readonly string[] PromptTokens = ["vllm:prompt_tokens_total", "vllm:prompt_tokens"];
    public static readonly string[] GenerationTokens = ["vllm:generation_tokens_total", "vllm:generation_tokens"];
    public static readonly string[] Preemptions = ["vllm:num_preemptions_total", "vllm:num_preemptions"];
    public static readonly string[] PrefixQueries = ["vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total", "vllm:prefix_cache_queries", "vllm:gpu_prefix_cache_queries"];
    public static readonly string[] PrefixHits = ["vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total", "vllm:prefix_cache_hits", "vllm:gpu_prefix_cache_hits"];

    public static readonly string[] Ttft = ["vllm:time_to_first_token_seconds"];

    /// <summary>v0's time_per_output_token is v1's inter_token_latency: both observe every gap. The per-request mean comes last, being another quantity.</summary>
    public static readonly string[] Tpot = ["vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds", "vllm:request_time_per_output_token_seconds"];

    public static readonly string[] E2E = ["vllm:e2e_request_latency_seconds"];
    public static readonly string[] QueueTime = ["vllm:request_queue_time_seconds"];
}
