using System.Globalization;
using System.Text;
using InferMesh.Cli.Fleet.Engine;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>A node's metrics as a Prometheus page with vLLM v1's names.</summary>
internal static class MetricsPage
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static Task WriteAsync(HttpContext context, SyntheticNode node)
        => FleetResponse.WriteAsync(context, StatusCodes.Status200OK, ContentType, Encoding.UTF8.GetBytes(Render(node)));

    public static string Render(SyntheticNode node)
    {
        var page = new StringBuilder(16 * 1024);
        node.Engine.ReadMetrics((models, kvUsage) => Render(page, models, kvUsage));
        return page.ToString();
    }

    private static void Render(StringBuilder page, IReadOnlyList<ModelMetrics> models, double kvUsage)
    {
        Head(page, "infermesh_synthetic", "gauge", "1: this runtime is synthetic, its figures measure no GPU.");
        page.Append("infermesh_synthetic{synthetic=\"true\"} 1\n");

        Values(page, models, "vllm:num_requests_running", "gauge", "Number of requests in model execution batches.", static m => m.Running);
        Values(page, models, "vllm:num_requests_waiting", "gauge", "Number of requests waiting to be processed.", static m => m.Waiting);
        Values(page, models, "vllm:kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", _ => kvUsage);
        Values(page, models, "vllm:prefix_cache_queries_total", "counter", "Prefix cache queries, in tokens.", static _ => 0);
        Values(page, models, "vllm:prefix_cache_hits_total", "counter", "Prefix cache hits, in tokens.", static _ => 0);
        Values(page, models, "vllm:prompt_tokens_total", "counter", "Number of prefill tokens processed.", static m => m.PromptTokens);
        Values(page, models, "vllm:generation_tokens_total", "counter", "Number of generation tokens processed.", static m => m.GenerationTokens);

        Head(page, "vllm:request_success_total", "counter", "Count of processed requests by how they ended.");
        foreach (var model in models)
        {
            Reason(page, model, "length", model.FinishedLength);
            Reason(page, model, "stop", model.FinishedStop);
            Reason(page, model, "abort", model.FinishedAbort);
        }

        Buckets(page, models, "vllm:time_to_first_token_seconds", "Time to first token in seconds.", static m => m.TimeToFirstToken);

        // vLLM renamed the second to the third; scrapers of either version find theirs.
        Buckets(page, models, "vllm:time_per_output_token_seconds", "Time per output token in seconds.", static m => m.InterTokenLatency);
        Buckets(page, models, "vllm:inter_token_latency_seconds", "Inter-token latency in seconds.", static m => m.InterTokenLatency);
        Buckets(page, models, "vllm:e2e_request_latency_seconds", "End-to-end request latency in seconds.", static m => m.EndToEndLatency);
        Buckets(page, models, "vllm:request_queue_time_seconds", "Time spent waiting in seconds.", static m => m.QueueTime);
    }

    private static void Values(
        StringBuilder page, IReadOnlyList<ModelMetrics> models, string name, string type, string help, Func<ModelMetrics, double> value)
    {
        Head(page, name, type, help);
        foreach (var model in models)
            page.Append(name).Append('{').Append(Labels(model)).Append("} ").Append(CultureInfo.InvariantCulture, $"{value(model):R}\n");
    }

    private static void Reason(StringBuilder page, ModelMetrics model, string reason, long count)
        => page.Append(CultureInfo.InvariantCulture, $"vllm:request_success_total{{{Labels(model)},finished_reason=\"{reason}\"}} {count}\n");

    private static void Buckets(
        StringBuilder page, IReadOnlyList<ModelMetrics> models, string name, string help, Func<ModelMetrics, Histogram> select)
    {
        Head(page, name, "histogram", help);
        foreach (var model in models)
        {
            var histogram = select(model);
            var labels = Labels(model);
            var cumulative = 0L;
            for (var i = 0; i < histogram.Bounds.Count; i++)
            {
                cumulative += histogram.CountAt(i);
                page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{histogram.Bounds[i]:0.0##}\"}} {cumulative}\n");
            }

            page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"+Inf\"}} {histogram.Count}\n");
            page.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {histogram.SumSeconds:R}\n");
            page.Append(CultureInfo.InvariantCulture, $"{name}_count{{{labels}}} {histogram.Count}\n");
        }
    }

    private static void Head(StringBuilder page, string name, string type, string help)
        => page.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static string Labels(ModelMetrics model)
        => $"engine=\"0\",model_name=\"{model.ModelName.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
}
