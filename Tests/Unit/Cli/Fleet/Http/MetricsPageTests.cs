using System.Globalization;

namespace InferMesh.Tests.Unit.Cli.Fleet.Http;

[TestClass]
public sealed class MetricsPageTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Metrics_AfterARequest_CountItInVllmTerms()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var answer = await harness.CompleteAsync(new { model = FleetHarness.Model, prompt = "abcdefgh", max_tokens = 5 }, TestContext.CancellationToken);
        _ = await answer.Content.ReadAsStringAsync(TestContext.CancellationToken);

        var page = await harness.Client.GetStringAsync(new Uri(harness.Node.Endpoint, "/metrics"), TestContext.CancellationToken);
        const string Labels = "{engine=\"0\",model_name=\"llama-3.1-8b-instruct\"}";
        Assert.AreEqual(1, Value(page, "infermesh_synthetic{synthetic=\"true\"}"));
        Assert.AreEqual(0, Value(page, "vllm:num_requests_running" + Labels));
        Assert.AreEqual(0, Value(page, "vllm:kv_cache_usage_perc" + Labels));
        Assert.AreEqual(2, Value(page, "vllm:prompt_tokens_total" + Labels));
        Assert.AreEqual(5, Value(page, "vllm:generation_tokens_total" + Labels));
        Assert.AreEqual(1, Value(page, "vllm:request_success_total{engine=\"0\",model_name=\"llama-3.1-8b-instruct\",finished_reason=\"length\"}"));
        Assert.AreEqual(1, Value(page, "vllm:time_to_first_token_seconds_count" + Labels));
        Assert.AreEqual(4, Value(page, "vllm:inter_token_latency_seconds_count" + Labels));
        Assert.AreEqual(4, Value(page, "vllm:time_per_output_token_seconds_count" + Labels));
        Assert.AreEqual(1, Value(page, "vllm:e2e_request_latency_seconds_bucket{engine=\"0\",model_name=\"llama-3.1-8b-instruct\",le=\"+Inf\"}"));
        Assert.AreEqual(1, Value(page, "vllm:request_queue_time_seconds_count" + Labels));
    }

    private static double Value(string page, string series)
    {
        var line = page.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal));
        return double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
