using System.Diagnostics;
using System.Net.Http.Json;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>
/// The command line against a mesh with 10,000 registered nodes in 20 cells, of which eight (synthetic) report: it holds when the first page of <c>list-nodes</c> is there within 500 ms of its call and a
/// frame of <c>top</c> within its interval.
/// </summary>
internal static class CliScaleRun
{
    public static readonly string[] Settings = ["InferMesh__RateLimits__ChangesPerSecond=1000000", "InferMesh__RateLimits__ChangesBurst=1000000"];

    private const int Cells = 20;
    private const int Calls = 50;
    private const int Commands = 10;
    private const double MostListMs = 500;
    private const double MostFrameMs = 2000;

    public static async Task<RunReport> RunAsync(MeshProcess mesh, int nodes = 10_000)
    {
        var report = new RunReport($"Command line with {nodes} registered nodes (synthetic)");
        await Parallel.ForAsync(0, nodes, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancel) =>
        {
            using var written = await mesh.Api.PutAsJsonAsync($"/api/v1/nodes/scale-{i:00000}", new { cell = $"scale-{i % Cells:00}", zone = $"z{i % 4}", labels = new { rack = $"r{i / 8}" }, synthetic = true }, cancel);
            written.EnsureSuccessStatusCode();
        });
        var list = await CallsAsync(mesh, "/api/v1/nodes?limit=100");
        Add(report, "GET /api/v1/nodes?limit=100 (what list-nodes calls)", list);
        if (list[Calls / 2] > MostListMs) report.Violations.Add($"the first page takes more than {MostListMs} ms");
        var frame = await CallsAsync(mesh, "/api/v1/stats?of=nodes&sort=load&limit=50");
        Add(report, "GET /api/v1/stats?of=nodes&limit=50 (a frame of top)", frame);
        if (frame[Calls / 2] > MostFrameMs) report.Violations.Add($"a frame takes more than {MostFrameMs} ms");
        foreach (var command in new[] { "list-nodes", "top", "list-nodes --all -o name", "--version" })
            Add(report, $"infermesh {command}, the whole process", await ProcessesAsync(mesh, command));
        return report;
    }

    private static async Task<double[]> CallsAsync(MeshProcess mesh, string path)
    {
        var times = new List<double>();
        // The first ones run code that is not optimised yet.
        for (var i = -Commands; i < Calls; i++)
        {
            var clock = Stopwatch.StartNew();
            await mesh.Api.GetStringAsync(path);
            if (i >= 0) times.Add(clock.Elapsed.TotalMilliseconds);
        }
        return [.. times.Order()];
    }

    private static async Task<double[]> ProcessesAsync(MeshProcess mesh, string command)
    {
        var times = new List<double>();
        for (var i = 0; i < Commands; i++)
        {
            var clock = Stopwatch.StartNew();
            (await CommandLine.RunAsync(Path.Combine(mesh.Folder, "none.yaml"), command == "--version" ? [command] : [.. command.Split(' '), "--api", mesh.Api.BaseAddress!.ToString()])).Expect(0);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        return [.. times.Order()];
    }

    private static void Add(RunReport report, string what, double[] times) => report.Add($"{what}: p50, most", $"{times[times.Length / 2]:0} ms, {times[^1]:0} ms");
}
