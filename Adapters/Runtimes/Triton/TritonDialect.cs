using System.Text.Json;
using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.Triton;

/// <summary>
/// Triton Inference Server, with the series that its TensorRT-LLM and vLLM backends add
/// (https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md).
/// </summary>
internal static class TritonDialect
{
    private const string Index = "index";
    private const string Server = "server";
    private const string TrtLlmRequests = "nv_trt_llm_request_metrics";
    private const string TrtLlmBlocks = "nv_trt_llm_kv_cache_block_metrics";
    private const double Microsecond = 1e-6;
    private const double Millisecond = 1e-3;

    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = "triton",
        Health = "/v2/health/ready",
        Documents =
        [
            new(Index, "/v2/repository/index") { Method = HttpMethod.Post, Json = "{}" },
            new(Server, "/v2") { Once = true, Optional = true },
        ],
        Inventory = Inventory,
        MetricsPath = "/metrics",
        MetricsPortOffset = 2,
        ApiSuffixes = ["/v2", "/v1"],
        Metrics = Metrics,
        Operations = new Dictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>>
        {
            [RuntimeOperation.LoadModel] = command => RuntimeCall.Post($"/v2/repository/models/{Uri.EscapeDataString(command.Model)}/load", new { }),
            [RuntimeOperation.UnloadModel] = command => RuntimeCall.Post($"/v2/repository/models/{Uri.EscapeDataString(command.Model)}/unload", new { }),
        },
    };

    private static RuntimeMetrics Metrics { get; } = new()
    {
        Prefix = "nv_",
        ModelLabel = "model",
        Running = [new(TrtLlmRequests, Label: "request_type", Value: "scheduled")],
        Waiting = [new(TrtLlmRequests, Label: "request_type", Value: "waiting"), "nv_inference_pending_request_count"],
        KvCacheUsage = [new(TrtLlmBlocks, Label: "kv_cache_block_type", Value: "fraction")],
        KvCacheBlocks = new(new(TrtLlmBlocks, Label: "kv_cache_block_type", Value: "used"), new(TrtLlmBlocks, Label: "kv_cache_block_type", Value: "max")),
        PromptTokens = ["vllm:prompt_tokens_total"],
        GenerationTokens = ["vllm:generation_tokens_total"],
        // Triton's own is of the first response: the first token of a model that streams, the whole answer of one that does not.
        Ttft = new("vllm:time_to_first_token_seconds", new("nv_inference_first_response_histogram_ms", Millisecond)),
        Tpot = new("vllm:time_per_output_token_seconds"),
        E2E = new("vllm:e2e_request_latency_seconds") { Sum = new("nv_inference_request_duration_us", Microsecond), Count = "nv_inference_request_success" },
        QueueTime = new("vllm:request_queue_time_seconds") { Sum = new("nv_inference_queue_duration_us", Microsecond), Count = "nv_inference_request_success" },
    };

    private static RuntimeInventory Inventory(RuntimeDocuments documents) => new()
    {
        // The index lists what could be loaded too, one line a version.
        Models = documents.Read(
            Index,
            root => root.ValueKind != JsonValueKind.Array ? null : root.EnumerateArray()
                .Where(item => item.Text("name") is not null)
                .GroupBy(item => item.Text("name")!, StringComparer.Ordinal)
                .Select(versions => ModelVersions.Join(versions.Key, versions, "READY", "LOADING"))
                .ToArray(),
            "the answer is no list"),
        Version = documents.Read(Server, root => root.Text("version")),
    };
}
