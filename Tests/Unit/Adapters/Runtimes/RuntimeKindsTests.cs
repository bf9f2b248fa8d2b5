using System.Net;
using InferMesh.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

namespace InferMesh.Tests.Unit.Adapters.Runtimes;

/// <summary>What differs from runtime to runtime.</summary>
[TestClass]
public sealed class RuntimeKindsTests : IDisposable
{
    private readonly PageHandler _handler = new();
    private readonly HttpClient _client;

    public RuntimeKindsTests() => _client = new HttpClient(_handler);

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _client.Dispose();

    [TestMethod]
    public void Create_UnknownKind_NamesTheKnownOnes()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => RuntimeKinds.CreateProbe("VLLM", _client, new() { Endpoint = new Uri("http://h") }, TimeProvider.System));

        StringAssert.Contains(error.Message, "'VLLM' is not a kind of runtime; known kinds: vllm, sglang, triton, tgi, torchserve, tfserving, ovms, llamacpp, openai");
    }

    [TestMethod]
    public void Create_TfServingWithoutModels_IsRefused() => Assert.ThrowsExactly<ArgumentException>(
        () => RuntimeKinds.CreateProbe("tfserving", _client, new() { Endpoint = new Uri("http://h") }, TimeProvider.System));

    [TestMethod]
    public async Task Sglang_Documents_TellCapabilities()
    {
        var model = (await ReadAsync(new FakeSglang())).Models.Single();

        Assert.AreEqual("org/m-tokenizer", model.Tokenizer);
        Assert.AreEqual("awq", model.Quantization);
        Assert.AreEqual(8192, model.MaxModelLen);
        Assert.AreEqual(8186, model.MaxInputTokens);
        Assert.IsTrue(model.SupportsLora);
        Assert.AreEqual(8, model.MaxLora);
    }

    [TestMethod]
    public async Task Sglang_NoTokenCounter_TakesTheStatedRates()
    {
        _handler.Serve(new FakeSglang());
        _handler.Set("/metrics", "sglang:gen_throughput{model_name=\"m\"} 86.5\nsglang:cache_hit_rate{model_name=\"m\"} 0.9\n");
        var model = (await Probe("sglang").ReadAsync(TestContext.CancellationToken)).Models.Single();

        Assert.AreEqual(86.5, model.GenerationTokensPerSecond);
        Assert.AreEqual(0.9, model.PrefixCacheHitRate);
    }

    [TestMethod]
    public async Task Tgi_Info_TellsRevisionAndLimits()
    {
        var reading = await ReadAsync(new FakeTgi());
        var model = reading.Models.Single();

        Assert.AreEqual("3.3.4", reading.Version);
        Assert.AreEqual("0e9e39f", model.Revision);
        Assert.AreEqual(4096, model.MaxModelLen);
        Assert.AreEqual(4095, model.MaxInputTokens);
        Assert.AreEqual("tgi does not report it", model.Missing[nameof(ModelReading.Ttft)]);
    }

    [TestMethod]
    public async Task Triton_OlderOrClassicPage_HasTheQueueAndNoRunning()
    {
        _handler.Serve(new FakeTriton());
        _handler.Set("/metrics", "nv_inference_pending_request_count{model=\"m\",version=\"1\"} 4\nnv_inference_pending_request_count{model=\"m\",version=\"2\"} 1\n");
        var reading = await Probe("triton").ReadAsync(TestContext.CancellationToken);
        var model = reading.Models.Single();

        Assert.AreEqual("2.50.0", reading.Version);
        Assert.AreEqual("1", model.Revision);
        Assert.AreEqual(5, model.Waiting);
        Assert.IsNull(model.Running);
    }

    [TestMethod]
    public async Task Triton_ModelOfTheRepositoryThatIsNotLoaded_IsListedAsSuch()
    {
        _handler.Serve(new FakeTriton());
        _handler.Set("/v2/repository/index", """[{"name":"m","version":"1","state":"READY"},{"name":"n"}]""");
        var models = (await Probe("triton").ReadAsync(TestContext.CancellationToken)).Models;

        CollectionAssert.AreEqual(new[] { true, false }, models.Select(model => model.Loaded).ToArray());
    }

    [TestMethod]
    public async Task Ovms_DefaultMetrics_CountTheWaitingAmongTheRunning()
    {
        _handler.Serve(new FakeOvms());
        _handler.Set("/metrics", "ovms_current_requests{name=\"m\",version=\"1\"} 7\n");
        var model = (await Probe("ovms").ReadAsync(TestContext.CancellationToken)).Models.Single();

        Assert.AreEqual(7, model.Running);
        StringAssert.Contains(model.Missing[nameof(ModelReading.Waiting)], "counted among the running");
    }

    [TestMethod]
    public async Task LlamaCpp_MetricsOff_CountsItsSlots()
    {
        _handler.Serve(new FakeLlamaCpp());
        _handler.Set("/metrics", "");
        var model = (await Probe("llamacpp").ReadAsync(TestContext.CancellationToken)).Models.Single();

        Assert.AreEqual(3, model.Running);
        Assert.AreEqual(1024, model.MaxModelLen);
        Assert.IsTrue(model.SupportsLora);
    }

    [TestMethod]
    public async Task LlamaCpp_Sleeping_IsNotLoaded()
    {
        _handler.Serve(new FakeLlamaCpp());
        _handler.Set("/props", """{"is_sleeping":true}""");

        Assert.IsFalse((await Probe("llamacpp").ReadAsync(TestContext.CancellationToken)).Models.Single().Loaded);
    }

    [TestMethod]
    public async Task TorchServe_UnhealthyWithAGoodStatus_IsNotHealthy()
    {
        _handler.Serve(new FakeTorchServe());
        _handler.Set("/ping", """{"status":"Unhealthy"}""");

        Assert.IsFalse((await Probe("torchserve").ReadAsync(TestContext.CancellationToken)).Healthy);
    }

    [TestMethod]
    public async Task OpenAi_Figures_AreNullWithAReason()
    {
        var model = (await ReadAsync(new FakeOpenAi())).Models.Single();

        Assert.AreEqual("openai has no metrics", model.Missing[nameof(ModelReading.Running)]);
        RuntimeConformanceTests.AssertEveryNullHasAReason(model);
    }

    [TestMethod]
    [DataRow("triton", "http://runtime:8000/v2/", "http://runtime:8002/metrics")]
    [DataRow("torchserve", "http://runtime:8080", "http://runtime:8081/models,http://runtime:8082/metrics")]
    public async Task Probe_OtherServers_AreAtTheirDefaultPorts(string kind, string endpoint, string expected)
    {
        var seen = new List<string>();
        using var client = new HttpClient(new Recorder(seen));
        _ = await RuntimeKinds.CreateProbe(kind, client, new() { Endpoint = new Uri(endpoint) }, TimeProvider.System).ReadAsync(TestContext.CancellationToken);

        foreach (var address in expected.Split(','))
            CollectionAssert.Contains(seen, address);
    }

    private IRuntimeProbe Probe(string kind) => PageHandler.Probe(kind, _client, new ManualTime());

    private async Task<RuntimeReading> ReadAsync(FakeRuntime runtime)
    {
        _handler.Serve(runtime);
        return await Probe(runtime.Kind).ReadAsync(TestContext.CancellationToken);
    }

    private sealed class Recorder(List<string> seen) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            lock (seen)
                seen.Add(request.RequestUri!.GetLeftPart(UriPartial.Path));
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.NotFound));
        }
    }
}
