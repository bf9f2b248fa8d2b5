using System.Globalization;
using System.Text.Json;
using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.TorchServe;

/// <summary>TorchServe: inference, management and metrics on three ports (https://github.com/pytorch/serve/blob/master/docs/management_api.md).</summary>
/// <remarks>Its gauge <c>QueueTime</c> is of the host's last job, so the queue time comes from the counters, which are of a model.</remarks>
internal static class TorchServeDialect
{
    private const string Models = "models";
    private const double Microsecond = 1e-6;
    private const string Requests = "ts_inference_requests_total";

    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = "torchserve",
        Health = "/ping",
        HealthyWhen = root => root.Text("status") != "Unhealthy", // with a good status in older versions
        Documents = [new(Models, "/models?limit=1000") { Server = RuntimeServer.Management }],
        Inventory = documents => new()
        {
            Models = documents.Read(
                Models,
                root => root.Get("models") is not { ValueKind: JsonValueKind.Array } list ? null : list.EnumerateArray()
                    .Select(item => item.Text("modelName"))
                    .OfType<string>()
                    .Select(name => new ModelEntry(name))
                    .ToArray(),
                "no 'models' list in the answer"),
        },
        Describe = new(
            entry => new(entry.Id, $"/models/{Uri.EscapeDataString(entry.Id)}/all") { Server = RuntimeServer.Management },
            Describe),
        MetricsPath = "/metrics",
        ManagementPortOffset = 1,
        MetricsPortOffset = 2,
        Metrics = Metrics,
        Operations = new Dictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>>
        {
            [RuntimeOperation.LoadModel] = command => Manage(
                HttpMethod.Post,
                $"/models?url={Uri.EscapeDataString(command.Source ?? command.Model + ".mar")}&model_name={Uri.EscapeDataString(command.Model)}&initial_workers={Number(command.Workers)}&synchronous=true"),
            [RuntimeOperation.UnloadModel] = command => Manage(HttpMethod.Delete, $"/models/{Uri.EscapeDataString(command.Model)}"),
            [RuntimeOperation.ScaleWorkers] = command => Manage(
                HttpMethod.Put,
                $"/models/{Uri.EscapeDataString(command.Model)}?min_worker={Number(command.Workers)}&max_worker={Number(command.Workers)}&synchronous=true"),
        },
    };

    private static RuntimeMetrics Metrics { get; } = new()
    {
        Prefix = "ts_",
        ModelLabel = "model_name",
        E2E = new() { Sum = new("ts_inference_latency_microseconds", Microsecond), Count = Requests },
        QueueTime = new() { Sum = new("ts_queue_latency_microseconds", Microsecond), Count = Requests },
    };

    /// <summary>A model can serve once one worker of one version is ready.</summary>
    private static ModelEntry Describe(ModelEntry entry, JsonElement root)
    {
        var versions = ((JsonElement?)root).Items().ToArray();
        var workers = versions.SelectMany(version => version.Get("workers").Items()).Select(worker => worker.Text("status")).ToArray();
        var pending = versions.Select(version => version.Get("jobQueueStatus")?.Count("pendingRequests")).ToArray();
        return entry with
        {
            Revision = versions is [var only] ? only.Text("modelVersion") : null,
            Loaded = workers.Contains("READY"),
            Loading = !workers.Contains("READY") && workers.Length > 0,
            Waiting = pending.Length > 0 && pending.All(count => count is not null) ? (int)Math.Min(int.MaxValue, pending.Sum(count => (long)count!.Value)) : null,
        };
    }

    private static IReadOnlyList<RuntimeCall> Manage(HttpMethod method, string path) => [new(method, path, Server: RuntimeServer.Management)];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
