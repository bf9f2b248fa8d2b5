using System.Text;
using InferMesh.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

namespace InferMesh.Tests.Unit.Adapters.Runtimes;

/// <summary>What every probe does alike, against a fake server of its runtime.</summary>
public abstract class RuntimeConformanceTests : IDisposable
{
    private const int First = 10;
    private const int Second = 110;

    private readonly ManualTime _time = new();
    private readonly HttpClient _client = new();
    private FakeRuntimeServer _server = null!;

    public TestContext TestContext { get; set; } = null!;

    private protected abstract FakeRuntime Runtime { get; }

    private protected abstract Figures Expected { get; }

    [TestInitialize]
    public async Task StartAsync()
    {
        _server = await FakeRuntimeServer.StartAsync();
        Runtime.Serve(_server);
    }

    [TestCleanup]
    public async Task StopAsync() => await _server.DisposeAsync();

    public void Dispose()
    {
        _client.Dispose();
        GC.SuppressFinalize(this);
    }

    [TestMethod]
    public async Task Read_RuntimeIsUp_IsHealthyAndListsItsModel()
    {
        var reading = await ReadAsync(Probe());

        Assert.IsNull(reading.Error);
        Assert.IsTrue(reading.Healthy);
        Assert.IsFalse(reading.Loading);
        Assert.AreEqual(Runtime.Kind, reading.Runtime);
        var model = reading.Models.Single();
        Assert.AreEqual(FakeRuntime.Model, model.Model);
        Assert.AreEqual(Runtime.Kind, model.Runtime);
        Assert.IsTrue(model.Loaded);
        Assert.AreEqual(Expected.Running, model.Running);
        Assert.AreEqual(Expected.Waiting, model.Waiting);
        Assert.AreEqual(Expected.KvCacheUsage, model.KvCacheUsage);
        Assert.IsNull(model.E2E, "no window yet");
        AssertEveryNullHasAReason(model);
    }

    [TestMethod]
    public async Task Read_Twice_GivesRatesPerSecondAndLatenciesInSeconds()
    {
        var model = await SecondAsync(Second);

        Assert.AreEqual(Expected.GenerationTokensPerSecond, model.GenerationTokensPerSecond);
        Check(Expected.Ttft, model.Ttft);
        Check(Expected.Tpot, model.Tpot);
        Check(Expected.E2E, model.E2E);
        Check(Expected.QueueTime, model.QueueTime);
        AssertEveryNullHasAReason(model);

        static void Check(bool expected, LatencyWindow? latency)
        {
            Assert.AreEqual(expected, latency is not null);
            Assert.AreEqual(0.5, latency?.MeanSeconds ?? 0.5, 1e-9);
            Assert.IsTrue(latency is null || double.IsNaN(latency.P95Seconds) || Math.Abs(latency.P95Seconds - 0.95) < 1e-9);
        }
    }

    [TestMethod]
    public async Task Read_CountersFell_StartsTheWindowAnew()
    {
        var model = await SecondAsync(finished: 1);

        Assert.IsNull(model.E2E);
        Assert.IsNull(model.Tpot);
        Assert.IsTrue(model.GenerationTokensPerSecond is null or >= 0);
        AssertEveryNullHasAReason(model);
        if (Expected.E2E)
            StringAssert.Contains(model.Missing[nameof(ModelReading.E2E)], "restarted");
    }

    [TestMethod]
    public async Task Read_HealthCheckFails_IsNotHealthy()
    {
        _server.On(Runtime.Health ?? Runtime.Inventory, "", status: 500);
        var reading = await ReadAsync(Probe());

        Assert.IsFalse(reading.Healthy);
        Assert.IsFalse(reading.Loading);
        StringAssert.Contains(reading.Error!, "answered 500");
    }

    [TestMethod]
    public async Task Read_RuntimeLoads_SaysSoWhereTheRuntimeTells()
    {
        var tells = Runtime.Load(_server);
        if (!tells)
            _server.On(Runtime.Health ?? Runtime.Inventory, "", status: 503);
        var reading = await ReadAsync(Probe());

        Assert.IsFalse(reading.Healthy);
        Assert.AreEqual(tells, reading.Loading);
    }

    [TestMethod]
    public async Task Read_NothingListens_IsNotHealthyWithAReason()
    {
        var probe = Probe();
        await _server.DisposeAsync();
        var reading = await ReadAsync(probe);

        Assert.IsFalse(reading.Healthy);
        Assert.IsFalse(string.IsNullOrEmpty(reading.Error));
        Assert.IsTrue(reading.Models.All(model => !model.Loaded));
    }

    [TestMethod]
    public async Task Read_TokenIsRefused_IsNotHealthyWithoutTheToken()
    {
        foreach (var path in Runtime.Documents.Keys.Append(Runtime.Health).Append(Runtime.Metrics).OfType<string>())
            _server.On(path, "", status: 401);
        var reading = await ReadAsync(Probe(token: "s3cret"));

        Assert.IsFalse(reading.Healthy);
        StringAssert.Contains(reading.Error!, "answered 401");
        Assert.IsTrue(_server.Authorizations.All(header => header == "Bearer s3cret"));
        Assert.DoesNotContain("s3cret", reading.ToString());
    }

    [TestMethod]
    [DataRow(404)]
    [DataRow(500)]
    public async Task Read_NoMetricsPage_KeepsTheModelWithReasons(int status)
    {
        if (Runtime.Metrics is not { } metrics)
            return; // nothing to take away: what is then said is in the first test
        _server.On(metrics, "", status);
        var reading = await ReadAsync(Probe());

        Assert.IsTrue(reading.Healthy);
        StringAssert.Contains(reading.Error!, $"{metrics} answered {status}");
        StringAssert.Contains(reading.Models.Single().Missing[nameof(ModelReading.E2E)], $"answered {status}");
        AssertEveryNullHasAReason(reading.Models.Single());
    }

    [TestMethod]
    public async Task Read_SlowestPathHangs_TimesOutAndKeepsTheRest()
    {
        var slow = Runtime.Metrics ?? Runtime.Inventory;
        _server.On(slow, context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var reading = await ReadAsync(Probe(timeout: TimeSpan.FromMilliseconds(500)));

        StringAssert.Contains(reading.Error!, slow + ": timeout");
        Assert.AreEqual(Runtime.Metrics is not null, reading.Healthy);
    }

    [TestMethod]
    public async Task Read_PageBreaksOff_NeitherThrowsNorInvents()
    {
        var path = Runtime.Metrics ?? Runtime.Inventory;
        var body = Encoding.UTF8.GetBytes(Runtime.Metrics is null ? Runtime.Documents[path] : Runtime.Page(First));
        _server.On(path, async context =>
        {
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body.AsMemory(0, body.Length / 2));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        var reading = await ReadAsync(Probe());

        StringAssert.Contains(reading.Error!, path);
        foreach (var model in reading.Models)
        {
            Assert.IsTrue(model.Running is null || model.Running == Expected.Running);
            AssertEveryNullHasAReason(model);
        }
    }

    [TestMethod]
    public async Task Read_PageIsTooLarge_TakesItsBeginning()
    {
        if (Runtime.Metrics is not { } metrics)
            return;
        _server.On(metrics, Runtime.Page(First) + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"filler_{i} 1\n")));
        var reading = await ReadAsync(Probe(maxPageBytes: 64 << 10));

        StringAssert.Contains(reading.Error!, "larger than 65536 bytes");
        Assert.AreEqual(Expected.Running, reading.Models.Single().Running);
    }

    [TestMethod]
    public async Task Read_WrongContentTypes_DoNotMatter()
    {
        foreach (var (path, body) in Runtime.Documents)
            _server.On(path, body, type: "text/html");
        if (Runtime.Metrics is { } metrics)
            _server.On(metrics, Runtime.Page(First), type: "application/json");
        var reading = await ReadAsync(Probe());

        Assert.IsNull(reading.Error);
        Assert.AreEqual(Expected.Running, reading.Models.Single().Running);
    }

    [TestMethod]
    [DataRow("<html>gateway</html>")]
    [DataRow("")]
    [DataRow("null")]
    [DataRow("[1,{\"name\":5},null]")]
    [DataRow("{\"data\":[{}],\"models\":7,\"m\":[],\"model_id\":true,\"model_version_status\":\"x\"}")]
    [DataRow("{\"data\":[{\"id\":\"\\ud800\"}],\"models\":[{\"modelName\":\"\\ud800\"}],\"model_id\":\"\\ud800\"}")]
    public async Task Read_GarbledInventory_DoesNotThrow(string body)
    {
        _server.On(Runtime.Inventory, body);
        var reading = await ReadAsync(Probe());

        Assert.IsTrue(Runtime.Health is null || reading.Healthy);
        foreach (var model in reading.Models)
            AssertEveryNullHasAReason(model);
    }

    [TestMethod]
    public async Task Read_MetricsAreAWebPage_SaysSo()
    {
        if (Runtime.Metrics is not { } metrics)
            return;
        _server.On(metrics, "<html>\n<body>\n");
        var reading = await ReadAsync(Probe());

        StringAssert.Contains(reading.Error!, "2 lines not understood");
        AssertEveryNullHasAReason(reading.Models.Single());
    }

    [TestMethod]
    [DataRow("", "")]
    [DataRow("/", "")]
    [DataRow("/v1", "")]
    [DataRow("/v1/", "")]
    [DataRow("/llm/a", "/llm/a")]
    [DataRow("/llm/a/v1/", "/llm/a")]
    public async Task Read_AnyFormOfTheAddress_AsksTheSamePaths(string configured, string prefix)
    {
        Runtime.Serve(_server, prefix);
        var reading = await ReadAsync(Probe(configured));

        Assert.IsNull(reading.Error);
        Assert.AreEqual(_server.Address.GetLeftPart(UriPartial.Authority) + prefix, reading.Endpoint);
        Assert.IsTrue(_server.Requests.All(path => path.StartsWith(prefix, StringComparison.Ordinal)));
    }

    private IRuntimeProbe Probe(string path = "", TimeSpan? timeout = null, string? token = null, int maxPageBytes = 16 << 20)
    {
        var endpoint = new Uri(_server.Address, path);
        var options = new RuntimeProbeOptions
        {
            Endpoint = endpoint,
            MetricsEndpoint = endpoint,
            ManagementEndpoint = endpoint,
            Models = [FakeRuntime.Model],
            BearerToken = token,
            Timeout = timeout ?? TimeSpan.FromSeconds(20),
            MaxPageBytes = maxPageBytes,
        };
        return RuntimeKinds.CreateProbe(Runtime.Kind, _client, options, _time);
    }

    private async Task<ModelReading> SecondAsync(int finished)
    {
        var probe = Probe();
        _ = await ReadAsync(probe);
        _time.Advance(TimeSpan.FromSeconds(2));
        Runtime.Serve(_server, finished: finished);
        return (await ReadAsync(probe)).Models.Single();
    }

    private async Task<RuntimeReading> ReadAsync(IRuntimeProbe probe) => await probe.ReadAsync(TestContext.CancellationToken);

    internal static void AssertEveryNullHasAReason(ModelReading model)
    {
        foreach (var property in typeof(ModelReading).GetProperties())
            Assert.AreEqual(property.GetValue(model) is null, model.Missing.ContainsKey(property.Name), property.Name);
    }

    /// <summary>What a runtime's page says in our terms, of the fakes' 3 running and 4 waiting requests and half-second latencies.</summary>
    private protected sealed record Figures(
        int? Running, int? Waiting, double? KvCacheUsage, double? GenerationTokensPerSecond, bool Ttft = false, bool Tpot = false, bool E2E = false, bool QueueTime = false);
}
