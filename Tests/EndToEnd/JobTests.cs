using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Training jobs from REST and the command line down to real processes and back, on the AppHost.</summary>
[TestClass]
public sealed class JobTests
{
    [TestMethod]
    public async Task FourRanks_OneIsKilled_GoesOnFromItsCheckpointAndCompletes()
    {
        var mesh = await TrainingMesh.GetAsync();
        var checkpoints = Directory.CreateTempSubdirectory("infermesh-checkpoints-").FullName;
        var id = await mesh.SubmitAsync(new
        {
            name = "four-ranks",
            workers = 2,
            gpusPerWorker = 2,
            checkpointTo = checkpoints,
            graceSeconds = 5,
            command = new[] { "infermesh-trainer", "--steps", "400", "--step-ms", "20", "--checkpoint-every", "20" },
        });
        var running = await mesh.UntilJobAsync(id, j => j.State() == "running" && j.TryGetProperty("progress", out var p) && p.TryGetProperty("checkpointStep", out _), "runs and has a checkpoint");
        Assert.AreEqual(2, running.GetProperty("placement").GetProperty("groups").GetArrayLength());
        var ranks = TrainingMesh.RanksOf(id);
        CollectionAssert.AreEquivalent(new[] { 0, 1, 2, 3 }, ranks.Keys.ToArray());

        using (var rank = Process.GetProcessById(ranks[3])) rank.Kill();
        var again = await mesh.UntilJobAsync(id, j => j.State() is "running" or "completed" && j.GetProperty("fence").GetInt64() == 2, "is placed again");
        Assert.AreEqual(1, again.GetProperty("progress").GetProperty("restarts").GetInt32());
        var ended = await mesh.UntilJobAsync(id, j => j.State() == "completed", "completes");
        Assert.AreEqual(400, ended.GetProperty("progress").GetProperty("step").GetInt64());

        var log = Directory.GetFiles(Path.Combine(mesh.Folder, "trainers"), "rank-0.log", SearchOption.AllDirectories).Single(f => f.Contains(id, StringComparison.Ordinal));
        var begun = (await File.ReadAllLinesAsync(log)).Single(l => l.EndsWith("of 400, fence 2", StringComparison.Ordinal));
        StringAssert.DoesNotMatch(begun, new("after step 0 of"), "it goes on from a checkpoint");
        using var page = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events?after=0&limit=1000&types=JOB_STATE_CHANGED,JOB_PLACED") { Headers = { { "Accept", "application/json" } } };
        using var answer = await mesh.Api.SendAsync(page);
        var events = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.AreEqual(2, events.GetProperty("items").EnumerateArray().Count(e => e.GetProperty("type").GetString() == "JOB_PLACED" && e.GetProperty("subject").GetString() == id));
        var shown = await mesh.CliAsync("job", "events", id);
        Assert.AreEqual(0, shown.Exit, shown.Output);
        foreach (var kind in new[] { "submitted", "admitted", "running", "rank_failed", "checkpoint", "completed" }) StringAssert.Contains(shown.Output, kind);
        StringAssert.Contains((await mesh.CliAsync("job", "get", id)).Output, "completed");
        Directory.Delete(checkpoints, recursive: true);
    }

    [TestMethod]
    public async Task SubmittedByCommandLine_WaitsForRoomIsExplainedPreemptsAndIsCancelled()
    {
        var mesh = await TrainingMesh.GetAsync();
        var dry = await mesh.CliAsync("job", "submit", "--name", "dry", "--workers", "3", "--gpus", "2", "--dry-run", "--", "infermesh-trainer");
        Assert.AreEqual(0, dry.Exit, dry.Output);
        StringAssert.Contains(dry.Output, "placed");

        var low = await mesh.SubmitAsync(new { name = "low", workers = 3, gpusPerWorker = 2, priority = 10, graceSeconds = 5, command = new[] { "infermesh-trainer", "--steps", "100000" } });
        await mesh.UntilJobAsync(low, j => j.State() == "running", "runs");
        var refused = await mesh.CliAsync("job", "submit", "--name", "refused", "--workers", "0", "--", "infermesh-trainer");
        Assert.AreEqual(1, refused.Exit, refused.Output);
        StringAssert.Contains(refused.Output, "workers");

        var next = await mesh.SubmitAsync(new { name = "next", workers = 1, gpusPerWorker = 2, priority = 10, command = new[] { "infermesh-trainer", "--steps", "100000" } });
        await UntilAsync(async () => (await mesh.CliAsync("job", "explain", next)).Output.Contains("needs 2 GPUs", StringComparison.Ordinal), "is explained");
        var high = await mesh.SubmitAsync(new { name = "high", workers = 1, gpusPerWorker = 2, priority = 900, command = new[] { "infermesh-trainer", "--steps", "50" } });
        await mesh.UntilJobAsync(high, j => j.State() == "completed", "completes");
        var log = await mesh.Api.GetStringAsync($"/api/v1/jobs/{low}/events");
        StringAssert.Contains(log, "preempted");
        foreach (var job in new[] { low, next })
        {
            var cancelled = await mesh.CliAsync("job", "cancel", job);
            Assert.AreEqual(0, cancelled.Exit, cancelled.Output);
        }
        foreach (var job in new[] { low, next }) await mesh.UntilJobAsync(job, j => j.State() == "cancelled", "is cancelled");
        await UntilAsync(() => Task.FromResult(TrainingMesh.RanksOf(low).Count + TrainingMesh.RanksOf(next).Count == 0), "no rank is left");
        var capacity = await mesh.CliAsync("capacity");
        Assert.AreEqual(0, capacity.Exit, capacity.Output);
        StringAssert.Contains(capacity.Output, "trainer-0");
    }

    [TestMethod]
    public async Task ProgramThatIsNotAllowed_FailsAndSaysWhatToDo()
    {
        var mesh = await TrainingMesh.GetAsync();
        var id = await mesh.SubmitAsync(new { name = "stranger", maxRestarts = 0, command = new[] { "/bin/sh", "-c", "id" } });
        var failed = await mesh.UntilJobAsync(id, j => j.State() == "failed", "fails");
        StringAssert.Contains(failed.GetProperty("reason").GetString(), "training.commands");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var watch = Stopwatch.StartNew(); !await condition(); await Task.Delay(200))
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(2)) Assert.Fail(what);
        }
    }
}
