using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Monitoring;

/// <summary>A real Prometheus looks at a running mesh under a little of everything.</summary>
[TestClass]
public sealed partial class PrometheusTests
{
    private const int Nodes = 100;
    private const int MaxSeries = 10_000;

    // A fleet of a hundred nodes with eight GPUs each has the rest: another test counts those.
    private const int MaxOwnSeries = 2_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [TestMethod]
    public async Task Scraped_UnderLoad_AnswersEveryPanelAndRule()
    {
        var promtool = PrometheusServer.Find("promtool");
        await using var mesh = await MeshProcess.StartAsync(
            readyNodes: Nodes + 1, settings: ["--Mesh:Trainers=1", $"--Mesh:FleetNodes={Nodes}", "InferMesh__Routing__SampleEvery=1", "InferMesh__Routing__ShadowStrategy=least_queue"]);
        var processes = new Dictionary<string, IReadOnlyList<Uri>> { ["infermesh-api"] = [mesh.Api.BaseAddress!], ["infermesh-silo"] = mesh.SiloAddresses() };
        await using var prometheus = await PrometheusServer.StartAsync(processes);
        await PrepareAsync(mesh);
        using var stop = new CancellationTokenSource();
        var load = LoadAsync(mesh, stop.Token);
        await ExternalProcess.UntilAsync(async () => await prometheus.NumberAsync("sum(increase(infermesh_inference_requests_total{outcome=\"success\"}[1m]))") > 20, Patience, "requests in Prometheus");
        await ExternalProcess.UntilAsync(async () => await prometheus.NumberAsync("count(infermesh_job_step > 0)") > 0, Patience, "a job that makes steps");
        await ExternalProcess.UntilAsync(async () => await prometheus.NumberAsync("count(infermesh_decision_herd_index)") > 0, Patience, "a herd index");
        await ExternalProcess.UntilAsync(async () => await prometheus.NumberAsync("infermesh:availability_errors:ratio_rate5m") is not null, Patience, "recorded series");

        var proven = MonitoringFiles.Proven();
        var unanswered = new List<string>();
        foreach (var (panel, expression) in MonitoringFiles.Panels())
        {
            if (!(await prometheus.QueryAsync(expression)).Any(IsNumber) && !proven.Contains(expression)) unanswered.Add($"{panel}: {expression}");
        }
        foreach (var name in MonitoringFiles.Recorded())
        {
            if (!(await prometheus.QueryAsync(name)).Any(IsNumber)) unanswered.Add($"recorded: {name}");
        }
        // A rule that fires in no test of promtool would stand here: it has no data when all is well.
        var rules = (await prometheus.GetAsync("/api/v1/rules")).GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(g => g.GetProperty("rules").EnumerateArray()).ToArray();
        unanswered.AddRange(rules.Where(r => r.GetProperty("health").GetString() != "ok").Select(r => $"rule {r.GetProperty("name")}: {r}"));
        Assert.IsEmpty(unanswered, "These have no data here and no promtool test:\n" + string.Join("\n", unanswered));

        await stop.CancelAsync();
        await load.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var process in processes.Values.SelectMany(p => p)) await CheckAsync(promtool, mesh, process);
        var own = await prometheus.NumberAsync("count({job=~\"infermesh-.*\", node=\"\"})") ?? 0;
        Assert.IsLessThan(MaxOwnSeries, own, "what processes have of their own, whatever the fleet");
        Assert.IsLessThan(MaxSeries, await prometheus.NumberAsync("count({job=~\"infermesh-.*\"})") ?? 0);
        // Two shared cores may be busy with other things; a page that costs a second is wrong in any case.
        Assert.IsLessThan(1, await prometheus.NumberAsync("max(quantile_over_time(0.5, scrape_duration_seconds{job=~\"infermesh-.*\"}[1m]))") ?? 9);
        Console.WriteLine($"{own} series of the processes, {await prometheus.NumberAsync("count({job=~\"infermesh-.*\"})")} in all; scrape p50 {await prometheus.NumberAsync("max(quantile_over_time(0.5, scrape_duration_seconds[1m]))"):0.000} s, p95 {await prometheus.NumberAsync("max(quantile_over_time(0.95, scrape_duration_seconds[1m]))"):0.000} s");
        Assert.AreEqual(3, await prometheus.NumberAsync("sum(up)"));
    }

    private static bool IsNumber(JsonElement series) => series.GetProperty("value")[1].GetString() is not "NaN";

    private static async Task CheckAsync(string promtool, MeshProcess mesh, Uri process)
    {
        var page = await mesh.Api.GetStringAsync(new Uri(process, "/metrics"));
        using var check = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(promtool, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = Task.WhenAll(check.StandardOutput.ReadToEndAsync(), check.StandardError.ReadToEndAsync());
        await check.StandardInput.WriteAsync(page);
        check.StandardInput.Close();
        var complaints = string.Concat(await said);
        await check.WaitForExitAsync();
        Assert.AreEqual((0, ""), (check.ExitCode, complaints), process.ToString());
        Assert.IsEmpty(Overflow().Matches(page), "no metric is over its limit");
    }

    private static async Task PrepareAsync(MeshProcess mesh)
    {
        await PutAsync(mesh, "/api/v1/policies/monitoring-hedge", new { kind = "hedging", hedging = new { delayFactor = 1, minDelayMs = 1, maxDelayMs = 1, budgetShare = 1 } });
        await PutAsync(mesh, "/api/v1/tenants/acme", new { limits = new { requestsPerSecond = 1000, burst = 1000 } });
        await PutAsync(mesh, "/api/v1/models/qwen2.5-7b-instruct", new { quantization = "awq", vramBytes = 1_000_000_000, replicas = 1 });
        var id = await mesh.SubmitAsync(new { name = "monitored", workers = 1, gpusPerWorker = 1, command = new[] { "infermesh-trainer", "--steps", "100000", "--checkpoint-every", "20" } });
        await mesh.UntilJobAsync(id, j => j.State() == "running", "runs");
    }

    private static async Task PutAsync(MeshProcess mesh, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = JsonContent.Create(body), Headers = { { "If-None-Match", "*" } } };
        using var response = await mesh.Api.SendAsync(request);
        Assert.IsTrue(response.IsSuccessStatusCode, $"{path}: {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>Streams and answers in one piece, of a tenant and of nobody, right ones and wrong ones, and dry runs.</summary>
    private static async Task LoadAsync(MeshProcess mesh, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
            {
                Content = JsonContent.Create(new { model = i % 10 == 9 ? "nobody-serves-this" : SharedMesh.Model, max_tokens = 8, stream = i % 2 == 0, messages = new[] { new { role = "user", content = $"Hello {i}" } } }),
            };
            if (i % 3 != 0) request.Headers.Add("x-infermesh-tenant", "acme");
            using var response = await mesh.Api.SendAsync(request, stop);
            await response.Content.ReadAsStringAsync(stop);
            using var dry = await mesh.Api.PostAsJsonAsync("/api/v1/route:dryRun", new { model = SharedMesh.Model }, stop);
            await Task.Delay(100, stop);
        }
    }

    [GeneratedRegex("otel_metric_overflow=\"true\"")]
    private static partial Regex Overflow();
}
