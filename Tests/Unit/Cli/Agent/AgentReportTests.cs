using System.Globalization;
using System.Text;
using Google.Protobuf;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Tests.Unit.Adapters;
using InferMesh.Tests.Unit.Adapters.Probing;
using InferMesh.Tests.Unit.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Cli.Agent;

/// <summary>
/// From an agent's file to the report on the wire, with every kind of runtime and an exporter behind real HTTP: captured pages where there are any, else those of the fakes. Each runtime is
/// read twice, a second apart, so that what was counted between is of one second. <c>INFERMESH_UPDATE_GOLDEN=1</c> writes the report anew.
/// </summary>
[TestClass]
public sealed class AgentReportTests
{
    private const string Golden = "Tests/Unit/Cli/Agent/Golden/report-of-all-kinds.json";
    private const double MiBPerGiB = 1024;
    private const int Loops = 10; // nine runtimes and the GPUs

    private static readonly JsonFormatter Format = new(JsonFormatter.Settings.Default.WithIndentation());

    [TestMethod]
    public async Task Report_FileWithEveryRuntimeAndDcgm_IsWhatThePagesSay()
    {
        await using var machine = await Machine.StartAsync();
        var time = new SteppedTime();
        using var file = new TempFile(machine.Yaml());
        var config = AgentConfigReader.ReadFile(file.Path, [], out var errors) ?? throw new AssertFailedException(string.Join('\n', errors));
        using var clients = new ProbeClients();
        await using var probe = NodeProbe.Start(ProbeFactory.Create(config, clients, time), time);
        await probe.FirstReadings.WaitAsync(TimeSpan.FromSeconds(30));
        await Eventually.HoldsAsync(() => time.DueWithin(config.Interval) == Loops, "every source waits for its next read");
        machine.Work();
        time.Advance(config.Interval);
        await Eventually.HoldsAsync(() => probe.Current() is { Gpus.Version: 2, Runtimes.Version: 2 * (Loops - 1) }, "every source is read again");

        var report = ReportMapping.ToReport(config.Node.Id, 1, 1, probe.Current(), null, time);

        // By hand from the pages. DCGM's L4: 22563 MiB free, none used, 470 MiB reserved; 16.365 W, 31 degrees; no XID on the page.
        var gpu = report.Gpus.Gpus.Single();
        Assert.AreEqual("GPU-c2f76b33-7953-256e-8f33-1343419b1a1c", gpu.GpuUuid);
        Assert.AreEqual((22563 + 470) / MiBPerGiB, gpu.VramTotalGb, 1e-12);
        Assert.AreEqual((0.0, 16.365, 31.0), (gpu.VramUsedGb, gpu.PowerWatts, gpu.TemperatureC));
        Assert.AreEqual((112603.0, 17544.0), (gpu.PcieTxBytesPerSecond, gpu.PcieRxBytesPerSecond));
        Assert.IsTrue(gpu is { HasMemoryRepairFailed: true, MemoryRepairFailed: false, HasLastXid: false }, gpu.ToString());
        CollectionAssert.AreEqual(RuntimeKinds.All.ToArray(), report.Runtimes.Runtimes.Select(runtime => runtime.Runtime).ToArray());
        Assert.IsTrue(report.Runtimes.Runtimes.All(runtime => runtime is { Healthy: true, Error: "" }), report.ToString());
        var models = report.Runtimes.Runtimes.ToDictionary(runtime => runtime.Runtime, runtime => runtime.Models.ToDictionary(model => model.Labels.Model));
        // An idle vLLM: its KV cache is known to be empty, its latencies are not known.
        var vllm = models["vllm"]["Qwen/Qwen2.5-0.5B-Instruct"];
        Assert.IsTrue(vllm is { HasKvCacheUsage: true, KvCacheUsage: 0, HasRunning: true, Running: 0, HasQueueDepth: true, QueueDepth: 0, HasServiceRate: true, ServiceRate: 0, HasTtftMeanMs: false }, vllm.ToString());
        // OpenVINO's pipeline answered 4 requests, all of them in the bucket from 67466 to 121439 us.
        Assert.AreEqual(67.466 + (0.95 * (121.439 - 67.466)), models["ovms"]["multiple_vehicle_recognition"].P95LatencyMs, 1e-6);
        Assert.HasCount(6, models["ovms"]);
        // TorchServe sums its latencies up and says how many wait.
        Assert.IsTrue(models["torchserve"]["resnet18"] is { HasP95LatencyMs: false, QueueDepth: 2, Labels.Revision: "1.0" });
        // The fakes finished ten requests of half a second and ten tokens in the second between.
        Assert.IsTrue(models["sglang"]["m"] is { Running: 3, QueueDepth: 4, KvCacheUsage: 0.25, ServiceRate: 100, PromptTokensPerSecond: 200, TtftMeanMs: 500, P95LatencyMs: 950 }, models["sglang"]["m"].ToString());
        Assert.IsTrue(models["triton"]["m"] is { Running: 3, QueueDepth: 4, KvCacheUsage: 0.25, TtftMeanMs: 500, Labels.Revision: "1" }, models["triton"]["m"].ToString());
        Assert.IsTrue(models["openai"]["m"] is { Loaded: true, HasRunning: false, HasQueueDepth: false, HasKvCacheUsage: false });
        CompareWithGolden(Format.Format(report).ReplaceLineEndings("\n") + "\n");
    }

    private static void CompareWithGolden(string actual)
    {
        var path = Path.Combine(Repository.Root, Golden);
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);
        Assert.AreEqual(File.ReadAllText(path).ReplaceLineEndings("\n"), actual, $"The report changed. If that is meant, run this test with INFERMESH_UPDATE_GOLDEN=1 and review {path}.");
    }

    /// <summary>A machine with an exporter and one runtime of each kind.</summary>
    private sealed class Machine : IAsyncDisposable
    {
        private const string Available = """{"model_version_status":[{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":"OK"}}]}""";

        private static readonly FakeRuntime[] Fakes = [new FakeSglang(), new FakeTriton(), new FakeTgi(), new FakeTfServing(), new FakeLlamaCpp(), new FakeOpenAi()];

        private readonly Dictionary<string, FakeRuntimeServer> _servers = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> _captures = new(StringComparer.Ordinal);

        public static async Task<Machine> StartAsync()
        {
            var machine = new Machine();
            // First, since a test without the data ends here.
            foreach (var (kind, capture) in new[] { ("vllm", "vllm-qwen2.5-0.5b-kops"), ("ovms", "ovms"), ("torchserve", "torchserve-docs"), ("dcgm", "dcgm-l4-kops") })
                machine._captures[kind] = Encoding.UTF8.GetString(ExpositionData.Read(capture + ".prom.gz"));
            foreach (var kind in RuntimeKinds.All.Append("dcgm"))
                machine._servers[kind] = await FakeRuntimeServer.StartAsync();
            machine.Captured("vllm", ("/health", ""), ("/version", """{"version":"0.17.1"}"""),
                ("/v1/models", """{"object":"list","data":[{"id":"Qwen/Qwen2.5-0.5B-Instruct","object":"model","root":"Qwen/Qwen2.5-0.5B-Instruct","parent":null,"max_model_len":32768}]}"""));
            string[] models = ["dummy", "dummy_demux", "multiple_vehicle_recognition", "resnet", "vehicle_attributes_recognition", "vehicle_detection"];
            machine.Captured("ovms", ("/v2/health/ready", ""), ("/v2", """{"name":"OpenVINO Model Server","version":"2022.3"}"""),
                ("/v1/config", "{" + string.Join(',', models.Select(model => $"\"{model}\":{Available}")) + "}"));
            machine.Captured("torchserve", ("/ping", """{"status":"Healthy"}"""), ("/models", """{"models":[{"modelName":"resnet18","modelUrl":"resnet18.mar"}]}"""),
                ("/models/resnet18/all", """[{"modelName":"resnet18","modelVersion":"1.0","workers":[{"id":"9000","status":"READY"},{"id":"9001","status":"READY"}],"jobQueueStatus":{"pendingRequests":2}}]"""));
            machine._servers["dcgm"].On("/metrics", machine._captures["dcgm"]);
            foreach (var fake in Fakes)
                fake.Serve(machine._servers[fake.Kind], finished: 10);
            return machine;
        }

        /// <summary>All that the captured servers ever did, and ten more requests of each fake.</summary>
        public void Work()
        {
            foreach (var (kind, page) in _captures)
                _servers[kind].On("/metrics", page);
            foreach (var fake in Fakes)
                fake.Serve(_servers[fake.Kind], finished: 20);
        }

        public string Yaml()
        {
            var yaml = new StringBuilder("node: {id: gpu-node-1, cell: cell-a}\ninterval: 1s\n")
                .Append(CultureInfo.InvariantCulture, $"gpu: {{source: dcgm, endpoint: \"{_servers["dcgm"].Address}\", timeout: 30s}}\nruntimes:\n");
            foreach (var kind in RuntimeKinds.All)
            {
                var address = _servers[kind].Address;
                yaml.Append(CultureInfo.InvariantCulture, $"  - {{kind: {kind}, endpoint: \"{address}\", metricsEndpoint: \"{address}\", managementEndpoint: \"{address}\", ")
                    .Append(CultureInfo.InvariantCulture, $"advertise: \"http://{kind}.test:8000\", gpu: L4, pricePerHour: 0.8, models: [{FakeRuntime.Model}], capacity: {{maxConcurrency: 16}}}}\n");
            }
            return yaml.ToString();
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers.Values)
                await server.DisposeAsync();
        }

        private void Captured(string kind, params (string Path, string Body)[] documents)
        {
            foreach (var (path, body) in documents)
                _servers[kind].On(path, body, type: "application/json");
            _servers[kind].On("/metrics", RuntimeGoldenTests.Zeroed(_captures[kind]));
        }
    }

    private sealed class TempFile : IDisposable
    {
        public TempFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
