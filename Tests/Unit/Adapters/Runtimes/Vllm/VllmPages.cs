using System.Globalization;
using System.Text;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Vllm;

/// <summary>Hand-made vLLM pages.</summary>
internal static class VllmPages
{
    public const string ModelList = """
        {"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm","root":"org/m","parent":null,"max_model_len":4096,"permission":[]}]}
        """;

    /// <summary>A page of engine v1.</summary>
    public static string V1(double prompt = 1000, double generation = 500, double queries = 100, double hits = 40, double preemptions = 2, double running = 3, int finished = 10, string engine = "0", string model = "m")
    {
        var labels = $"engine=\"{engine}\",model_name=\"{model}\"";
        var page = new StringBuilder();
        Line($"vllm:num_requests_running{{{labels}}} {running}");
        Line($"vllm:num_requests_waiting{{{labels}}} 4");
        Line($"vllm:kv_cache_usage_perc{{{labels}}} 0.25");
        Line($"vllm:prefix_cache_queries_total{{{labels}}} {queries}");
        Line($"vllm:prefix_cache_hits_total{{{labels}}} {hits}");
        Line($"vllm:num_preemptions_total{{{labels}}} {preemptions}");
        Line($"vllm:prompt_tokens_total{{{labels}}} {prompt}");
        Line($"vllm:generation_tokens_total{{{labels}}} {generation}");
        Histogram("vllm:time_to_first_token_seconds");
        Histogram("vllm:inter_token_latency_seconds");
        Histogram("vllm:e2e_request_latency_seconds");
        Histogram("vllm:request_queue_time_seconds");
        Line($"vllm:lora_requests_info{{max_lora=\"4\",running_lora_adapters=\"old\",waiting_lora_adapters=\"\"}} 1.7e9");
        Line($"vllm:lora_requests_info{{max_lora=\"4\",running_lora_adapters=\"a, b\",waiting_lora_adapters=\"c\"}} 1.8e9");
        return page.ToString();

        void Line(FormattableString line) => page.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

        // Observations spread evenly over 0 to 1 s, all of them within the first finite bucket.
        void Histogram(string name)
        {
            Line($"# TYPE {name} histogram");
            Line($"{name}_bucket{{{labels},le=\"1.0\"}} {finished}");
            Line($"{name}_bucket{{{labels},le=\"+Inf\"}} {finished}");
            Line($"{name}_count{{{labels}}} {finished}");
            Line($"{name}_sum{{{labels}}} {finished * 0.5}");
        }
    }
}
