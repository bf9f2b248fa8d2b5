using System.Text.Json;
using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.Ovms;

/// <summary>OpenVINO Model Server, started with a REST port and <c>--metrics_enable</c> (https://docs.openvino.ai/2025/model-server/ovms_docs_metrics.html).</summary>
internal static class OvmsDialect
{
    private const string Config = "config";
    private const string Server = "server";
    private const double Microsecond = 1e-6;

    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = "ovms",
        Health = "/v2/health/ready",
        Documents = [new(Config, "/v1/config"), new(Server, "/v2") { Once = true, Optional = true }],
        Inventory = documents => new()
        {
            Models = documents.Read(
                Config,
                root => root.ValueKind != JsonValueKind.Object ? null : root.EnumerateObject()
                    .Where(model => model.Value.Get("model_version_status") is not null)
                    .Select(model => ModelVersions.JoinStatus(model.Name, model.Value))
                    .ToArray(),
                "the answer is no object"),
            Version = documents.Read(Server, root => root.Text("version")),
        },
        MetricsPath = "/metrics",
        ApiSuffixes = ["/v1", "/v2", "/v3"],
        Metrics = Metrics,
        Operations = new Dictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>>
        {
            [RuntimeOperation.ReloadConfig] = _ => RuntimeCall.Post("/v1/config/reload"),
        },
    };

    private static RuntimeMetrics Metrics { get; } = new()
    {
        Prefix = "ovms_",
        ModelLabel = "name",
        Running = ["ovms_infer_req_active"], // not among the default metrics
        InSystem = ["ovms_current_requests", "ovms_current_graphs"],
        E2E = new(new Series("ovms_request_time_us", Microsecond)),
        QueueTime = new(new Series("ovms_wait_for_infer_req_time_us", Microsecond)),
    };
}
