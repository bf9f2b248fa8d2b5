using InferMesh.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Vllm;

[TestClass]
public sealed class VllmProbeTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly HttpClient _client = new();
    private FakeRuntimeServer _server = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task StartAsync() => _server = (await FakeRuntimeServer.StartAsync())
        .On("/health", "")
        .On("/version", """{"version":"0.11.0"}""", type: "application/json")
        .On("/v1/models", VllmPages.ModelList, type: "application/json")
        .On("/metrics", VllmPages.V1());

    [TestCleanup]
    public async Task StopAsync() => await _server.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [TestMethod]
    public async Task ReadAsync_FirstRead_HasGaugesAndNoWindowsYet()
    {
        var reading = await ReadAsync(Probe());

        Assert.IsTrue(reading.Healthy);
        Assert.IsNull(reading.Error);
        Assert.AreEqual("vllm", reading.Runtime);
        Assert.AreEqual("0.11.0", reading.Version);
        Assert.AreEqual(_server.Address.GetLeftPart(UriPartial.Authority), reading.Endpoint);
        Assert.IsFalse(reading.Synthetic);
        var model = reading.Models.Single();
        Assert.AreEqual("m", model.Model);
        Assert.AreEqual(3, model.Running);
        Assert.AreEqual(4, model.Waiting);
        Assert.AreEqual(0.25, model.KvCacheUsage);
        Assert.AreEqual(4096, model.MaxModelLen);
        Assert.AreEqual(4, model.MaxLora);
        CollectionAssert.AreEqual(new[] { "a", "b" }, model.RunningLoraAdapters!.ToArray());
        CollectionAssert.AreEqual(new[] { "c" }, model.WaitingLoraAdapters!.ToArray());
        Assert.IsTrue(model.Loaded);
        Assert.AreEqual(_time.GetUtcNow(), model.SampledAt);
        Assert.IsNull(model.GenerationTokensPerSecond);
        Assert.IsNull(model.Ttft);
        StringAssert.Contains(model.Missing[nameof(ModelReading.GenerationTokensPerSecond)], "first read");
        StringAssert.Contains(model.Missing[nameof(ModelReading.Ttft)], "first read");
        StringAssert.Contains(model.Missing[nameof(ModelReading.Swapped)], "not on the page");
        AssertEveryNullHasAReason(model);
    }

    [TestMethod]
    public async Task ReadAsync_SecondRead_GivesRatesAndLatenciesOfTheWindow()
    {
        var probe = Probe();
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(2));
        _server.On("/metrics", VllmPages.V1(prompt: 1400, generation: 600, queries: 300, hits: 90, preemptions: 3, finished: 110));
        var model = (await ReadAsync(probe)).Models.Single();

        Assert.AreEqual(200.0, model.PromptTokensPerSecond!.Value, 1e-9);
        Assert.AreEqual(50.0, model.GenerationTokensPerSecond!.Value, 1e-9);
        Assert.AreEqual(0.5, model.PreemptionsPerSecond!.Value, 1e-9);
        Assert.AreEqual(0.25, model.PrefixCacheHitRate!.Value, 1e-9);
        Assert.AreEqual(TimeSpan.FromSeconds(2), model.Window);
        foreach (var window in new[] { model.Ttft!, model.Tpot!, model.E2E!, model.QueueTime! })
        {
            Assert.AreEqual(100, window.Count);
            Assert.AreEqual(0.5, window.MeanSeconds, 1e-9);
            Assert.AreEqual(0.5, window.P50Seconds, 1e-9);
            Assert.AreEqual(0.95, window.P95Seconds, 1e-9);
            Assert.AreEqual(0.99, window.P99Seconds, 1e-9);
        }
        AssertEveryNullHasAReason(model);
    }

    [TestMethod]
    public async Task ReadAsync_NothingHappened_RatesAreZeroAndLatenciesUnknown()
    {
        var probe = Probe();
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        var model = (await ReadAsync(probe)).Models.Single();

        Assert.AreEqual(0.0, model.GenerationTokensPerSecond);
        Assert.IsNull(model.Ttft);
        StringAssert.Contains(model.Missing[nameof(ModelReading.Ttft)], "nothing was observed");
        StringAssert.Contains(model.Missing[nameof(ModelReading.PrefixCacheHitRate)], "nothing was looked up");
    }

    [TestMethod]
    public async Task ReadAsync_CountersFall_RestartsTheWindowWithoutNegativeRates()
    {
        var probe = Probe();
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        _server.On("/metrics", VllmPages.V1(prompt: 10, generation: 5, queries: 1, hits: 0, preemptions: 0, finished: 1));
        var restarted = (await ReadAsync(probe)).Models.Single();
        _time.Advance(TimeSpan.FromSeconds(1));
        _server.On("/metrics", VllmPages.V1(prompt: 30, generation: 15, queries: 2, hits: 0, preemptions: 0, finished: 2));
        var after = (await ReadAsync(probe)).Models.Single();

        Assert.IsNull(restarted.GenerationTokensPerSecond);
        StringAssert.Contains(restarted.Missing[nameof(ModelReading.GenerationTokensPerSecond)], "restarted");
        Assert.IsNull(restarted.Ttft);
        StringAssert.Contains(restarted.Missing[nameof(ModelReading.Ttft)], "restarted");
        Assert.AreEqual(10.0, after.GenerationTokensPerSecond!.Value, 1e-9);
        Assert.AreEqual(1, after.Ttft!.Count);
    }

    [TestMethod]
    public async Task ReadAsync_NewProcessWithHigherCounters_IsSeenByItsStartTime()
    {
        var probe = Probe();
        _server.On("/metrics", "process_start_time_seconds 1000\n" + VllmPages.V1());
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        _server.On("/metrics", "process_start_time_seconds 2000\n" + VllmPages.V1(generation: 900));
        var model = (await ReadAsync(probe)).Models.Single();

        Assert.IsNull(model.GenerationTokensPerSecond);
    }

    [TestMethod]
    public async Task ReadAsync_FailedScrapeInBetween_WidensTheWindow()
    {
        var probe = Probe();
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        _server.On("/metrics", "", status: 500);
        var failed = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(3));
        _server.On("/metrics", VllmPages.V1(generation: 700));
        var model = (await ReadAsync(probe)).Models.Single();

        Assert.IsTrue(failed.Healthy);
        StringAssert.Contains(failed.Error!, "GET /metrics answered 500");
        StringAssert.Contains(failed.Models.Single().Missing[nameof(ModelReading.Running)], "answered 500");
        Assert.AreEqual(4096, failed.Models.Single().MaxModelLen);
        Assert.AreEqual(50.0, model.GenerationTokensPerSecond!.Value, 1e-9);
        Assert.AreEqual(TimeSpan.FromSeconds(4), model.Window);
    }

    [TestMethod]
    public async Task ReadAsync_EngineV0Names_AreUnderstood()
    {
        string Page(int tokens, double hitRate) => $$"""
            vllm:num_requests_running{model_name="m"} 1.0
            vllm:num_requests_swapped{model_name="m"} 2.0
            vllm:num_requests_waiting{model_name="m"} 0.0
            vllm:gpu_cache_usage_perc{model_name="m"} 0.5
            vllm:gpu_prefix_cache_hit_rate{model_name="m"} {{hitRate}}
            vllm:generation_tokens_total{model_name="m"} {{tokens}}
            vllm:time_per_output_token_seconds_bucket{le="0.1",model_name="m"} {{tokens}}
            vllm:time_per_output_token_seconds_bucket{le="+Inf",model_name="m"} {{tokens}}
            vllm:time_per_output_token_seconds_sum{model_name="m"} {{tokens}}

            """;
        var probe = Probe();
        _server.On("/metrics", Page(10, -1));
        var first = (await ReadAsync(probe)).Models.Single();
        _time.Advance(TimeSpan.FromSeconds(1));
        _server.On("/metrics", Page(20, 1));
        var second = (await ReadAsync(probe)).Models.Single();

        Assert.AreEqual(2, first.Swapped);
        Assert.AreEqual(0.5, first.KvCacheUsage);
        Assert.IsNull(first.PrefixCacheHitRate); // -1 is how v0 says that it does not know yet
        Assert.AreEqual("vllm:gpu_prefix_cache_hit_rate is -1", first.Missing[nameof(ModelReading.PrefixCacheHitRate)]);
        Assert.AreEqual(1.0, second.PrefixCacheHitRate);
        Assert.AreEqual(10, second.Tpot!.Count);
        AssertEveryNullHasAReason(second);
    }

    [TestMethod]
    public async Task ReadAsync_SeveralEngines_AddUp()
    {
        var probe = Probe();
        _server.On("/metrics", VllmPages.V1(running: 3) + VllmPages.V1(running: 5, engine: "1"));
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        _server.On("/metrics", VllmPages.V1(running: 3, generation: 510) + VllmPages.V1(running: 5, engine: "1", generation: 530, finished: 13));
        var model = (await ReadAsync(probe)).Models.Single();

        Assert.AreEqual(8, model.Running);
        Assert.AreEqual(0.25, model.KvCacheUsage);
        Assert.AreEqual(40.0, model.GenerationTokensPerSecond!.Value, 1e-9);
        Assert.AreEqual(3, model.Ttft!.Count);
    }

    [TestMethod]
    public async Task ReadAsync_NaNGauge_IsMissingNotZero()
    {
        _server.On("/metrics", "vllm:num_requests_running{model_name=\"m\"} NaN\nvllm:kv_cache_usage_perc{model_name=\"m\"} 1.7\n");
        var model = (await ReadAsync(Probe())).Models.Single();

        Assert.IsNull(model.Running);
        Assert.AreEqual("vllm:num_requests_running is NaN", model.Missing[nameof(ModelReading.Running)]);
        Assert.AreEqual("vllm:kv_cache_usage_perc is 1.7", model.Missing[nameof(ModelReading.KvCacheUsage)]);
    }

    [TestMethod]
    public async Task ReadAsync_LoraAdaptersInTheList_PointToTheirBase()
    {
        _server.On("/v1/models", """{"data":[{"id":"m","max_model_len":4096},{"id":"sql","parent":"m","root":"/adapters/sql"}]}""");
        var models = (await ReadAsync(Probe())).Models;

        Assert.HasCount(2, models);
        Assert.AreEqual("m", models[1].BaseModel);
        Assert.IsNull(models[1].Running);
        StringAssert.Contains(models[1].Missing[nameof(ModelReading.Running)], "base model, m");
        AssertEveryNullHasAReason(models[1]);
    }

    [TestMethod]
    public async Task ReadAsync_SleepingEngine_IsNotLoaded()
    {
        _server.On("/metrics", VllmPages.V1()
            + "vllm:engine_sleep_state{model_name=\"m\",sleep_state=\"awake\"} 0\nvllm:engine_sleep_state{model_name=\"m\",sleep_state=\"weights_offloaded\"} 1\n");

        Assert.IsFalse((await ReadAsync(Probe())).Models.Single().Loaded);
    }

    [TestMethod]
    [DataRow("infermesh_synthetic{synthetic=\"true\"} 1\n", true)]
    [DataRow("infermesh_synthetic{synthetic=\"true\"} 0\n", false)]
    [DataRow("infermesh_synthetic 1\n", false)]
    [DataRow("", false)]
    public async Task ReadAsync_SyntheticMarker_IsPassedOn(string marker, bool synthetic)
    {
        _server.On("/metrics", marker + VllmPages.V1());

        Assert.AreEqual(synthetic, (await ReadAsync(Probe())).Synthetic);
    }

    [TestMethod]
    [DataRow("", "")]
    [DataRow("/", "")]
    [DataRow("/v1", "")]
    [DataRow("/v1/", "")]
    [DataRow("/llm/a", "/llm/a")]
    [DataRow("/llm/a/v1/", "/llm/a")]
    public async Task ReadAsync_AnyFormOfTheAddress_AsksTheSamePaths(string configured, string prefix)
    {
        foreach (var (path, body) in new[] { ("/health", ""), ("/version", "{}"), ("/v1/models", VllmPages.ModelList), ("/metrics", VllmPages.V1()) })
            _server.On(prefix + path, body);
        var reading = await ReadAsync(Probe(configured));

        Assert.IsNull(reading.Error);
        CollectionAssert.AreEquivalent(new[] { "/health", "/version", "/v1/models", "/metrics" }.Select(path => prefix + path).ToArray(), _server.Requests.ToArray());
    }

    [TestMethod]
    [DataRow("ftp://host/")]
    [DataRow("http://user:secret@host/")]
    public void Constructor_UnusableAddress_IsRefused(string address)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, _client, new RuntimeProbeOptions { Endpoint = new Uri(address) }, _time));

        Assert.DoesNotContain("secret", error.Message);
    }

    [TestMethod]
    public void Constructor_TimeoutNotAboveZero_IsRefused() => Assert.ThrowsExactly<ArgumentException>(
        () => RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, _client, new RuntimeProbeOptions { Endpoint = _server.Address, Timeout = TimeSpan.Zero }, _time));

    [TestMethod]
    public async Task ReadAsync_BearerToken_IsSentEverywhereAndShownNowhere()
    {
        _server.On("/metrics", "", status: 401);
        var options = new RuntimeProbeOptions { Endpoint = _server.Address, BearerToken = "s3cret" };
        var reading = await ReadAsync(RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, _client, options, _time));

        Assert.HasCount(4, _server.Authorizations);
        Assert.IsTrue(_server.Authorizations.All(header => header == "Bearer s3cret"));
        Assert.DoesNotContain("s3cret", reading.ToString());
        Assert.DoesNotContain("s3cret", options.ToString());
    }

    [TestMethod]
    public async Task ReadAsync_ServerDown_IsUnhealthyWithAReason()
    {
        var probe = Probe();
        await _server.DisposeAsync();
        var reading = await ReadAsync(probe);

        Assert.IsFalse(reading.Healthy);
        Assert.IsEmpty(reading.Models);
        StringAssert.Contains(reading.Error!, "GET /health");
    }

    [TestMethod]
    public async Task ReadAsync_HealthCheckFails_IsUnhealthyButKeepsTheRest()
    {
        _server.On("/health", "", status: 503);
        var reading = await ReadAsync(Probe());

        Assert.IsFalse(reading.Healthy);
        StringAssert.Contains(reading.Error!, "GET /health answered 503");
        Assert.AreEqual(3, reading.Models.Single().Running);
    }

    [TestMethod]
    public async Task ReadAsync_MetricsHang_TimesOutAndKeepsTheRest()
    {
        _server.On("/metrics", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var reading = await ReadAsync(Probe(timeout: TimeSpan.FromMilliseconds(300)));

        Assert.IsTrue(reading.Healthy);
        StringAssert.Contains(reading.Error!, "GET /metrics: timeout");
        StringAssert.Contains(reading.Models.Single().Missing[nameof(ModelReading.KvCacheUsage)], "timeout");
    }

    [TestMethod]
    public async Task ReadAsync_CallerCancels_Throws()
    {
        using var cancel = new CancellationTokenSource();
        _server.On("/health", async context =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        await Assert.ThrowsAsync<OperationCanceledException>(async () => await Probe().ReadAsync(cancel.Token));
    }

    [TestMethod]
    public async Task ReadAsync_PageBreaksOff_KeepsTheWholeLinesAndTheWindows()
    {
        var (page, cut) = (VllmPages.V1(), false);
        await using var server = new RawHttpServer(path => path switch
        {
            "/metrics" when cut => RawHttpServer.Response(page[..(page.IndexOf("vllm:generation_tokens_total", StringComparison.Ordinal) + 50)], page.Length),
            "/metrics" => RawHttpServer.Response(page),
            "/v1/models" => RawHttpServer.Response(VllmPages.ModelList),
            _ => RawHttpServer.Response(""),
        });
        var probe = RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, _client, new RuntimeProbeOptions { Endpoint = server.Address, Timeout = TimeSpan.FromSeconds(20) }, _time);
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        (page, cut) = (VllmPages.V1(prompt: 1100, generation: 600, running: 7), true);
        var partial = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        cut = false;
        var whole = (await ReadAsync(probe)).Models.Single();

        StringAssert.Contains(partial.Error!, "in the middle of the body");
        var model = partial.Models.Single();
        Assert.AreEqual(7, model.Running);
        Assert.IsNull(model.GenerationTokensPerSecond);
        StringAssert.Contains(model.Missing[nameof(ModelReading.GenerationTokensPerSecond)], "part of the page that arrived");
        AssertEveryNullHasAReason(model);
        Assert.AreEqual(50.0, whole.GenerationTokensPerSecond!.Value, 1e-9); // 100 tokens over the two seconds since the last whole page
    }

    [TestMethod]
    [DataRow("<html>gateway</html>")]
    [DataRow("[]")]
    [DataRow("{\"data\":{}}")]
    [DataRow("{\"data\":[{\"object\":\"model\"}]}")]
    public async Task ReadAsync_UnreadableModelList_TakesTheModelsFromThePage(string list)
    {
        _server.On("/v1/models", list);
        var reading = await ReadAsync(Probe());

        Assert.IsTrue(reading.Healthy);
        StringAssert.Contains(reading.Error!, "/v1/models");
        Assert.AreEqual("m", reading.Models.Single().Model);
        Assert.AreEqual(3, reading.Models.Single().Running);
        Assert.IsTrue(reading.Models.Single().Missing.ContainsKey(nameof(ModelReading.MaxModelLen)));
    }

    [TestMethod]
    public async Task ReadAsync_MetricsPageIsHtml_SaysSoAndKeepsTheModel()
    {
        _server.On("/metrics", "<html>\n<body>\n");
        var reading = await ReadAsync(Probe());

        StringAssert.Contains(reading.Error!, "2 lines not understood");
        StringAssert.Contains(reading.Models.Single().Missing[nameof(ModelReading.Running)], "no vllm: series");
    }

    [TestMethod]
    public async Task ReadAsync_NoVersionEndpoint_AsksOnce()
    {
        _server.On("/version", "", status: 404);
        var probe = Probe();
        Assert.IsNull((await ReadAsync(probe)).Version);
        Assert.IsNull((await ReadAsync(probe)).Version);

        Assert.AreEqual(1, _server.Requests.Count(path => path == "/version"));
    }

    [TestMethod]
    public async Task ReadAsync_CapturedPage_GivesTheModelWithoutErrors()
    {
        var captured = System.Text.Encoding.UTF8.GetString(ExpositionData.Read("vllm-qwen2.5-0.5b-kops.prom.gz"));
        _server.On("/metrics", captured).On("/v1/models", """{"data":[{"id":"Qwen/Qwen2.5-0.5B-Instruct","max_model_len":32768}]}""");
        var probe = Probe();
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(1));
        var reading = await ReadAsync(probe);
        var model = reading.Models.Single();

        Assert.IsNull(reading.Error);
        Assert.AreEqual("Qwen/Qwen2.5-0.5B-Instruct", model.Model);
        Assert.AreEqual(0, model.Running);
        Assert.AreEqual(0, model.Waiting);
        Assert.AreEqual(0.0, model.KvCacheUsage);
        Assert.AreEqual(0.0, model.PromptTokensPerSecond);
        Assert.AreEqual(0.0, model.PreemptionsPerSecond);
        Assert.IsTrue(model.Loaded);
        Assert.AreEqual("nothing was observed in the window", model.Missing[nameof(ModelReading.Tpot)]);
        AssertEveryNullHasAReason(model);
    }

    private IRuntimeProbe Probe(string path = "", TimeSpan? timeout = null) =>
        RuntimeKinds.CreateProbe(RuntimeKinds.Vllm, _client, new RuntimeProbeOptions { Endpoint = new Uri(_server.Address, path), Timeout = timeout ?? TimeSpan.FromSeconds(20) }, _time);

    private async Task<RuntimeReading> ReadAsync(IRuntimeProbe probe) => await probe.ReadAsync(TestContext.CancellationToken);

    private static void AssertEveryNullHasAReason(ModelReading model)
    {
        foreach (var property in typeof(ModelReading).GetProperties())
            Assert.AreEqual(property.GetValue(model) is null, model.Missing.ContainsKey(property.Name), property.Name);
    }
}
