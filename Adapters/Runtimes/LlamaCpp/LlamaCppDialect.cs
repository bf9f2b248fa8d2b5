using System.Text.Json;
using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.LlamaCpp;

/// <summary>llama.cpp's server, started with <c>--metrics</c> (https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md).</summary>
internal static class LlamaCppDialect
{
    private const string Props = "props";
    private const string Slots = "slots";
    private const string Lora = "lora";
    private const string Predicted = "llamacpp:tokens_predicted_total";

    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = "llamacpp",
        Health = "/health",
        LoadingStatus = 503,
        Documents =
        [
            OpenAiModelList.Document,
            new(Props, "/props") { Optional = true },
            new(Slots, "/slots") { Optional = true },
            new(Lora, "/lora-adapters") { Once = true, Optional = true },
        ],
        Inventory = Inventory,
        MetricsPath = "/metrics",
        Metrics = Metrics,
        // Only a server in router mode manages models; the others refuse.
        Operations = new Dictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>>
        {
            [RuntimeOperation.LoadModel] = command => RuntimeCall.Post("/models/load", new { model = command.Model }),
            [RuntimeOperation.UnloadModel] = command => RuntimeCall.Post("/models/unload", new { model = command.Model }),
        },
    };

    private static RuntimeMetrics Metrics { get; } = new()
    {
        Prefix = "llamacpp:",
        Running = ["llamacpp:requests_processing"],
        Waiting = ["llamacpp:requests_deferred"],
        KvCacheUsage = ["llamacpp:kv_cache_usage_ratio"], // dropped in 2025
        PromptTokens = ["llamacpp:prompt_tokens_total"],
        GenerationTokens = [Predicted],
        Tpot = new() { Sum = "llamacpp:tokens_predicted_seconds_total", Count = Predicted },
    };

    private static RuntimeInventory Inventory(RuntimeDocuments documents)
    {
        var props = documents.Read(Props, root => new ModelEntry("")
        {
            MaxModelLen = root.Get("default_generation_settings")?.Count("n_ctx"), // of one slot
            Loaded = root.Flag("is_sleeping") != true,
            SupportsLora = documents.Read(Lora, adapters => Count(adapters, _ => true))?.Value > 0,
            Running = documents.Read(Slots, slots => Count(slots, slot => slot.Flag("is_processing") == true))?.Value,
        });
        var models = OpenAiModelList.Read(documents, State);
        return new()
        {
            // A router's own properties are of none of its models.
            Models = models is [var only] && props is not null ? [Describe(only, props)] : models,
            Version = documents.Read(Props, root => root.Text("build_info")),
        };
    }

    private static ModelEntry Describe(ModelEntry entry, ModelEntry props) => entry with
    {
        MaxModelLen = props.MaxModelLen,
        Loaded = entry.Loaded && props.Loaded,
        SupportsLora = props.SupportsLora,
        Running = props.Running,
    };

    /// <summary>A router says of each model whether it is loaded.</summary>
    private static ModelEntry State(ModelEntry entry, JsonElement item) => item.Get("status")?.Text("value") is { } state
        ? entry with { Loaded = state == "loaded", Loading = state == "loading" }
        : entry;

    private static Total? Count(JsonElement list, Func<JsonElement, bool> which) =>
        list.ValueKind == JsonValueKind.Array ? new(list.EnumerateArray().Count(which)) : null;

    private sealed record Total(int Value);
}
