using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>
/// A mesh on PostgreSQL and Redis with 10,000 nodes, 1,000 policies and 10,000 waiting jobs is stopped as a whole and started again; eight nodes of the synthetic fleet report. It holds when a
/// request is given a target within 30 s of the start, and everything is there.
/// </summary>
internal static class ColdStartRun
{
    private const string Model = "llama-3.1-8b-instruct";
    private const int Cells = 20;
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<RunReport> RunAsync(int nodes = 10_000, int policies = 1_000, int jobs = 10_000)
    {
        await using var postgres = await PostgresFixture.StartAsync();
        await using var redis = await RedisFixture.StartAsync();
        var folder = Directory.CreateTempSubdirectory("infermesh-cold-").FullName;
        string[] settings = [$"--ConnectionStrings:meshdb={postgres.ConnectionString}", $"--ConnectionStrings:redis={redis.ConnectionString}", "InferMesh__RateLimits__ChangesPerSecond=1000000", "InferMesh__RateLimits__ChangesBurst=1000000"];
        var report = new RunReport("Cold start on PostgreSQL and Redis (synthetic fleet)");
        try
        {
            var clock = Stopwatch.StartNew();
            await using (var mesh = await MeshProcess.StartAsync(folder, settings: settings))
            {
                report.Add("ready with empty storage after", $"{clock.Elapsed.TotalSeconds:0.0} s");
                clock.Restart();
                await FillAsync(mesh.Api, nodes, i => mesh.Api.PutAsJsonAsync($"/api/v1/nodes/cold-{i:00000}", new { cell = $"cold-{i % Cells:00}", labels = new { rack = $"r{i / 8}" } }));
                report.Add("nodes written", $"{nodes} in {clock.Elapsed.TotalSeconds:0} s");
                clock.Restart();
                await FillAsync(mesh.Api, policies, i => mesh.Api.PostAsJsonAsync("/api/v1/policies", new { name = $"cold-{i:0000}", kind = "routing", models = new[] { $"cold-{i}-*" }, routing = new { strategy = "mesh" } }));
                report.Add("policies written", $"{policies} in {clock.Elapsed.TotalSeconds:0} s");
                clock.Restart();
                await FillAsync(mesh.Api, jobs, i => mesh.Api.PostAsJsonAsync(
                    "/api/v1/jobs", new { name = $"cold-{i}", tenant = $"t{i % 16}", workers = 1, gpusPerWorker = 1, gpuTypes = new Dictionary<string, double> { ["none-such"] = 1 }, command = new[] { "infermesh-trainer" } }));
                report.Add("jobs written", $"{jobs} in {clock.Elapsed.TotalSeconds:0} s");
                mesh.Signal(15);
                await mesh.WaitForExitAsync(TimeSpan.FromMinutes(2));
            }

            clock.Restart();
            await using var again = MeshProcess.Launch(folder, settings);
            await ExternalProcess.UntilAsync(() => RoutesAsync(again.Api), Patience, "a request is given a target");
            var routed = clock.Elapsed;
            report.Add("a request is given a target after", $"{routed.TotalSeconds:0.0} s");
            if (routed > Most) report.Violations.Add($"the first target took longer than {Most.TotalSeconds:0} s");
            foreach (var (what, path, expected) in new[] { ("nodes", "/api/v1/nodes?limit=1000", nodes), ("policies", "/api/v1/policies", policies), ("jobs", "/api/v1/jobs?limit=1000", jobs) })
            {
                await ExternalProcess.UntilAsync(async () => await CountAsync(again.Api, path) >= expected, Patience, $"{expected} {what} are there");
                report.Add($"all {what} are there after", $"{clock.Elapsed.TotalSeconds:0.0} s");
            }
            var times = new List<double>();
            for (var i = 0; i < 200; i++)
            {
                var one = Stopwatch.StartNew();
                if (!await RoutesAsync(again.Api)) report.Violations.Add("a request was given no target");
                times.Add(one.Elapsed.TotalMilliseconds);
            }
            times.Sort();
            report.Add("dry run over REST then p50, p99", $"{times[times.Count / 2]:0.0} ms, {times[(int)(times.Count * 0.99)]:0.0} ms");
            await BackUpAsync(report, again.Api.BaseAddress!, Path.Combine(folder, "mesh.backup"), nodes + policies + jobs);
            foreach (var pid in again.SiloPids()) report.Add($"memory of silo {pid}", $"{ProcessUse.ResidentMiB(pid):0} MiB");
            return report;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Saves everything, and compares the file with what is there.</summary>
    private static async Task BackUpAsync(RunReport report, Uri api, string file, int objects)
    {
        foreach (var (what, args) in new (string, string[])[] { ("backup", ["backup", "--output", file]), ("restore's dry run", ["restore", file, "--dry-run"]) })
        {
            var clock = Stopwatch.StartNew();
            var run = await CommandLine.RunAsync(file + ".config", [.. args, "--api", api.ToString()]);
            report.Add($"{what} of {objects} objects", $"{clock.Elapsed.TotalSeconds:0} s, {new FileInfo(file).Length >> 10} KiB: {run.Output.TrimEnd().Split('\n')[^1]}");
            if (run.Code != 0) report.Violations.Add($"{what} ended with {run.Code}: {run.Output}{run.Error}");
        }
    }

    private static async Task FillAsync(HttpClient api, int count, Func<int, Task<HttpResponseMessage>> write)
    {
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            using var response = await write(i);
            if (!response.IsSuccessStatusCode) throw new InvalidOperationException($"{api.BaseAddress}: {response.StatusCode} {await response.Content.ReadAsStringAsync(CancellationToken.None)}");
        });
    }

    private static async Task<bool> RoutesAsync(HttpClient api)
    {
        try
        {
            using var response = await api.PostAsJsonAsync("/api/v1/route:dryRun", new { model = Model });
            return response.IsSuccessStatusCode && (await response.Content.ReadFromJsonAsync<JsonElement>()).TryGetProperty("targets", out var targets) && targets.GetArrayLength() > 0;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static async Task<int> CountAsync(HttpClient api, string path)
    {
        var count = 0;
        try
        {
            for (var next = path; ;)
            {
                var page = await api.GetFromJsonAsync<JsonElement>(next);
                count += page.GetProperty("items").GetArrayLength();
                if (!page.TryGetProperty("nextCursor", out var cursor) || cursor.ValueKind != JsonValueKind.String) return count;
                next = $"{path}&cursor={Uri.EscapeDataString(cursor.GetString()!)}";
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return count;
        }
    }
}
