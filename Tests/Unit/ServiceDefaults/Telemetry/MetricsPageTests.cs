using System.Diagnostics;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Cells;
using InferMesh.Grains.Jobs;
using InferMesh.Grains.Nodes;
using InferMesh.ServiceDefaults;
using InferMesh.Tests.Shared;
using InferMesh.Tests.Unit.Grains;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.ServiceDefaults.Telemetry;

/// <summary>The page of a process that keeps a whole fleet, as the SDK and the exporter make it.</summary>
[TestClass]
[DoNotParallelize]
public sealed class MetricsPageTests
{
    private const int Nodes = 100;
    private const int GpusPerNode = 8;

    // What two silos and an API have of their own at most: the test with a real Prometheus holds them to it.
    private const int SeriesOfProcesses = 2_000;

    private readonly ManualTime _time = new();

    [TestMethod]
    public async Task Page_OfAHundredNodesOfEightGpus_IsCleanAndSmallAndForgetsWhoIsGone()
    {
        await using var app = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var (cell, owners) = (new object(), new List<object>());
        try
        {
            Show(cell, owners, Nodes);
            var page = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            Assert.HasCount(Nodes * GpusPerNode, Series("infermesh_gpu_vram_used_bytes", page));
            Assert.HasCount(Nodes, Series("infermesh_node_health_status", page));
            Assert.HasCount(Nodes, Series("infermesh_model_running", page));
            StringAssert.Contains(page, "infermesh_gpu_temperature_celsius{gpu_uuid=\"GPU-7-3\",mig_profile=\"\",node=\"n7\",zone=\"z1\"} 40");
            Assert.IsLessThan(10_000 - SeriesOfProcesses, page.Split('\n').Count(static l => l.Length > 0 && l[0] != '#'));
            await LintAsync(page);

            // One node is gone, the readings of another are too old.
            Show(cell, owners[..^1], Nodes - 1);
            GpuMetrics.Hide(owners[^1]);
            _time.Advance(TimeSpan.FromSeconds(11));
            GpuMetrics.Show(owners[0], Fleet.Registration("n0"), Telemetry(0, _time.GetUtcNow()), TimeSpan.FromSeconds(10), _time);
            // The exporter gives the same page to all who ask within a moment.
            await ExternalProcess.UntilAsync(
                async () => Series("infermesh_gpu_vram_used_bytes", page = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Count == GpusPerNode, TimeSpan.FromSeconds(30), "only the GPUs of the node that still reports");
            Assert.HasCount(Nodes - 1, Series("infermesh_node_health_status", page));
            StringAssert.DoesNotMatch(page, new($"node=\"n{Nodes - 1}\""));
        }
        finally
        {
            FleetMetrics.Hide(cell);
            foreach (var owner in owners) GpuMetrics.Hide(owner);
        }
    }

    [TestMethod]
    public async Task Page_OfMoreNodesThanTheLimit_SaysSo()
    {
        await using var app = await StartAsync("--InferMesh:Telemetry:SeriesPerFleetMetric=10");
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var (cell, owners) = (new object(), new List<object>());
        try
        {
            Show(cell, owners, 50);
            var series = Series("infermesh_node_health_status", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)));
            Assert.IsLessThanOrEqualTo(11, series.Count);
            Assert.IsTrue(series.Any(static s => s.Contains("otel_metric_overflow=\"true\"", StringComparison.Ordinal)), string.Join("\n", series));
        }
        finally
        {
            FleetMetrics.Hide(cell);
            foreach (var owner in owners) GpuMetrics.Hide(owner);
        }
    }

    [TestMethod]
    public async Task Page_OfTenThousandShortJobs_NamesTheLastOnes()
    {
        const int AtOnce = 1000;
        await using var app = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var page = "";
        try
        {
            for (var first = 0; first < 10 * AtOnce; first += AtOnce)
            {
                JobMetrics.Planned(TimeSpan.Zero, 0, [.. Enumerable.Range(first, AtOnce).Select(static i => new MeshJob { Id = $"job-{i}", Version = 1, Spec = new() { Name = "short" }, State = JobState.Running })]);
                page = await UntilAsync(client, $"job_id=\"job-{first}\"");
            }
        }
        finally
        {
            JobMetrics.Ended();
        }
        Assert.HasCount(AtOnce, Series("infermesh_job_state", page));
        Assert.HasCount(AtOnce, Series("infermesh_job_step", page));
        StringAssert.DoesNotMatch(page, new("infermesh_job_[a-z_]+{otel_metric_overflow"));
        StringAssert.Matches(Series("infermesh_job_state", page)[0], new("state=\"running\""));
        Assert.DoesNotContain("state=", Series("infermesh_job_step", page)[0]);
        await LintAsync(page);
    }

    [TestMethod]
    public async Task Page_OfNodesThatComeAndGo_NamesThoseThatAreThere()
    {
        const int AtOnce = 1000;
        await using var app = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var (cell, page) = (new object(), "");
        try
        {
            for (var round = 0; round < 7; round++)
            {
                var members = new CellMembers();
                for (var i = 0; i < AtOnce; i++) members.Take(Fleet.Summary($"round-{round}-{i}"), _time.GetUtcNow());
                members.Judge(_time.GetUtcNow(), new(), 1);
                FleetMetrics.Show(cell, members.Snapshot("c1", 1, 1, _time.GetUtcNow()), _time);
                page = await UntilAsync(client, $"node=\"round-{round}-0\"");
            }
        }
        finally
        {
            FleetMetrics.Hide(cell);
        }
        foreach (var metric in new[] { "infermesh_node_health_status", "infermesh_model_running", "infermesh_model_load_status" }) Assert.HasCount(AtOnce, Series(metric, page), metric);
    }

    /// <summary>The page as soon as it has a text: the exporter gives the same one to all who ask within a moment.</summary>
    private static async Task<string> UntilAsync(HttpClient client, string text)
    {
        var page = "";
        await ExternalProcess.UntilAsync(async () => (page = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Contains(text, StringComparison.Ordinal), TimeSpan.FromSeconds(30), text);
        return page;
    }

    private static async Task<WebApplication> StartAsync(params string[] settings)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddCommandLine(settings);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapServiceDefaults();
        await app.StartAsync();
        return app;
    }

    private void Show(object cell, List<object> owners, int nodes)
    {
        var members = new CellMembers();
        for (var i = 0; i < nodes; i++) members.Take(Fleet.Summary($"n{i}"), _time.GetUtcNow());
        members.Judge(_time.GetUtcNow(), new(), 1);
        FleetMetrics.Show(cell, members.Snapshot("c1", 1, 1, _time.GetUtcNow()), _time);
        for (var i = owners.Count; i < nodes; i++)
        {
            owners.Add(new());
            GpuMetrics.Show(owners[i], Fleet.Registration($"n{i}"), Telemetry(i, _time.GetUtcNow()), TimeSpan.FromSeconds(10), _time);
        }
    }

    private static NodeTelemetryFold Telemetry(int node, DateTimeOffset at)
    {
        var fold = new NodeTelemetryFold();
        fold.Take(new()
        {
            NodeId = $"n{node}",
            Epoch = 1,
            Sequence = 1,
            SampledAt = at,
            Gpus =
            [
                .. Enumerable.Range(0, GpusPerNode).Select(g => new GpuSample
                {
                    GpuUuid = $"GPU-{node}-{g}", SmUtilization = 0.5, MemoryUtilization = 0.5, VramUsedBytes = 1, VramTotalBytes = 2, TemperatureCelsius = 40, PowerWatts = 300,
                    EccUncorrectedErrors = 0, Throttled = false,
                }),
            ],
        });
        return fold;
    }

    private static List<string> Series(string metric, string page) => [.. page.Split('\n').Where(l => l.StartsWith($"{metric}{{", StringComparison.Ordinal))];

    private static async Task LintAsync(string page)
    {
        if (ExternalProcess.Find("promtool") is not { } promtool) return;
        using var check = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = Task.WhenAll(check.StandardOutput.ReadToEndAsync(), check.StandardError.ReadToEndAsync());
        await check.StandardInput.WriteAsync(page);
        check.StandardInput.Close();
        Assert.AreEqual("", string.Concat(await said));
    }
}
