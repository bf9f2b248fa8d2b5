using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferMesh.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Adapters.Runtimes;

/// <summary>
/// Captured pages of real servers as readings. The page is read with all its values at zero and then as it was captured, a hundred seconds later,
/// so that the window is all that the server had done. <c>INFERMESH_UPDATE_GOLDEN=1</c> writes the files anew.
/// </summary>
[TestClass]
public sealed class RuntimeGoldenTests
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Vllm_CapturedPage_ReadsAsBefore()
    {
        var model = (await ReadAsync("vllm", "vllm-qwen2.5-0.5b-kops.prom.gz", "/metrics")).Models.Single();

        Assert.AreEqual("Qwen/Qwen2.5-0.5B-Instruct", model.Model);
        Assert.AreEqual(0, model.Running);
        Assert.AreEqual(TimeSpan.FromSeconds(100), model.Window);
    }

    [TestMethod]
    public async Task Ovms_CapturedPage_ReadsAsBefore()
    {
        var models = (await ReadAsync("ovms", "ovms.prom.gz", "/metrics")).Models;

        // The pipeline's 4 requests took 389412 us; one of its nodes' 148 waited for 3589944 us.
        var pipeline = models.Single(model => model.Model == "multiple_vehicle_recognition");
        Assert.AreEqual(4, pipeline.E2E!.Count);
        Assert.AreEqual(0.389412 / 4, pipeline.E2E.MeanSeconds, 1e-9);
        Assert.IsTrue(pipeline.E2E.P95Seconds is > 0.1 and < 0.15, $"{pipeline.E2E.P95Seconds} s");
        var node = models.Single(model => model.Model == "vehicle_attributes_recognition");
        Assert.AreEqual(148, node.QueueTime!.Count);
        Assert.AreEqual(3.589944 / 148, node.QueueTime.MeanSeconds, 1e-9);
        Assert.AreEqual(0, node.Running);
        Assert.AreEqual(0, node.Waiting);
    }

    [TestMethod]
    public async Task TorchServe_DocumentedPage_ReadsAsBefore()
    {
        var model = (await ReadAsync("torchserve", "torchserve-docs.prom.gz", "/metrics")).Models.Single();

        // 290371.129 us and 365.21 us over 3 requests; the page states the two counters twice, which must not double them.
        Assert.AreEqual("resnet18", model.Model);
        Assert.AreEqual(3, model.E2E!.Count);
        Assert.AreEqual(0.290371129 / 3, model.E2E.MeanSeconds, 1e-9);
        Assert.AreEqual(0.00036521 / 3, model.QueueTime!.MeanSeconds, 1e-12);
        Assert.IsTrue(double.IsNaN(model.E2E.P95Seconds), "counters give no quantiles");
    }

    private async Task<RuntimeReading> ReadAsync(string kind, string capture, string path)
    {
        var page = Encoding.UTF8.GetString(ExpositionData.Read(capture));
        var time = new ManualTime();
        using var handler = new PageHandler();
        using var client = new HttpClient(handler);
        var probe = PageHandler.Probe(kind, client, time);
        handler.Set(path, Zeroed(page));
        _ = await probe.ReadAsync(TestContext.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(100));
        handler.Set(path, page);
        var reading = await probe.ReadAsync(TestContext.CancellationToken);

        var actual = JsonSerializer.Serialize(reading, Format) + "\n";
        var file = Path.Combine(Repository.Root, "Tests/Unit/Adapters/Runtimes/Golden", capture.Replace(".prom.gz", ".json", StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1")
            await File.WriteAllTextAsync(file, actual, TestContext.CancellationToken);
        Assert.AreEqual(await File.ReadAllTextAsync(file, TestContext.CancellationToken), actual);
        foreach (var model in reading.Models)
            RuntimeConformanceTests.AssertEveryNullHasAReason(model);
        return reading;
    }

    /// <summary>The same series with nothing counted yet. The start of the process stays, or it would be another process.</summary>
    internal static string Zeroed(string page) => string.Join('\n', page.Split('\n').Select(line =>
        line.Length == 0 || line[0] == '#' || line.StartsWith("process_start", StringComparison.Ordinal) ? line : line[..line.TrimEnd().LastIndexOf(' ')] + " 0"));
}
