using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.TfServing;

/// <summary>
/// TensorFlow Serving, whose metrics page the monitoring configuration switches on (https://www.tensorflow.org/tfx/serving/api_rest).
/// It has no list of its models, so they are configured; and models change by its configuration file or over gRPC only.
/// </summary>
internal static class TfServingDialect
{
    private const double Microsecond = 1e-6;

    /// <exception cref="ArgumentException">No model is named.</exception>
    public static RuntimeDialect Create(RuntimeProbeOptions options) => options.Models.Count == 0
        ? throw new ArgumentException("TensorFlow Serving has no list of its models; name them", nameof(options))
        : new()
        {
            Kind = RuntimeKinds.TfServing,
            HealthyWhenLoaded = true,
            Documents = [.. options.Models.Distinct().Select(model => new RuntimeDocument(model, $"/v1/models/{Uri.EscapeDataString(model)}"))],
            Inventory = documents => new()
            {
                Models = [.. options.Models.Distinct().Select(model =>
                    documents.Read(model, root => root.Get("model_version_status") is null ? null : ModelVersions.JoinStatus(model, root), "no 'model_version_status' in the answer")
                    ?? new ModelEntry(model) { Loaded = false })],
            },
            MetricsPath = "/monitoring/prometheus/metrics",
            Metrics = new()
            {
                Prefix = ":tensorflow:serving:",
                ModelLabel = "model_name",
                E2E = new(new Series(":tensorflow:serving:request_latency", Microsecond)),
            },
        };
}
