using System.Collections.Concurrent;
using System.Diagnostics;
using InferMesh.Grains.Abstractions.Jobs;
using Microsoft.Data.Sqlite;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Silos are killed while jobs are placed, agents vanish, ranks fail, and storage is away for half a minute: what the logs of all jobs say afterwards must hold.</summary>
[TestClass]
[DoNotParallelize]
public sealed class JobChaosTests
{
    private const int Nodes = 12;
    private const int GpusPerNode = 4;
    private const int Jobs = 60;
    private static readonly TimeSpan StorageAway = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Chaos_NoGpuIsGivenTwiceNoJobIsLostAndEachEnds()
    {
        var name = Unique("chaos");
        var random = new Random(20260301);
        var agents = new Dictionary<string, JobAgent>(StringComparer.Ordinal);
        for (var i = 0; i < Nodes; i++)
        {
            var agent = await JobAgent.StartAsync($"{name}-n{i}", $"{name}-c{i % 3}", GpusPerNode, gpuType: name);
            agents[agent.Node] = agent;
        }
        var extra = new[] { await Silos.StartAdditionalSiloAsync(), await Silos.StartAdditionalSiloAsync() };
        using var stop = new CancellationTokenSource();
        var submitted = new ConcurrentDictionary<string, JobSpec>(StringComparer.Ordinal);
        var working = Task.Run(() => WorkAsync(agents, new Random(1), stop.Token));
        try
        {
            var watch = Stopwatch.StartNew();
            var submitting = SubmitAsync(name, submitted, random);
            await Task.Delay(TimeSpan.FromSeconds(4));
            await Silos.KillSiloAsync(extra[0]);
            await Task.Delay(TimeSpan.FromSeconds(4));
            await HideAsync(agents.Values.Skip(2).Take(2));
            await WithoutStorageAsync();
            await Silos.KillSiloAsync(extra[1]);
            await HideAsync(agents.Values.Skip(7).Take(1));
            await submitting;
            var jobs = await UntilEndedAsync([.. submitted.Keys], name, watch);
            await CheckAsync(jobs, submitted, agents.Values);
        }
        finally
        {
            await stop.CancelAsync();
            await working;
            foreach (var agent in agents.Values) await agent.DisposeAsync();
        }
    }

    private static async Task SubmitAsync(string name, ConcurrentDictionary<string, JobSpec> submitted, Random random)
    {
        for (var i = 0; i < Jobs; i++)
        {
            var workers = random.Next(1, 5);
            var spec = new JobSpec
            {
                Name = $"job-{i}",
                Tenant = $"{name}-t{i % 3}",
                Workers = workers,
                GpusPerWorker = random.Next(1, 5),
                MinWorkers = random.Next(3) == 0 ? 1 : 0,
                Priority = random.Next(3) * 100,
                MaxRestarts = 1000,
                Command = ["train"],
                CheckpointTo = random.Next(2) == 0 ? "/checkpoints" : "",
                GraceSeconds = 2,
                GpuTypes = new Dictionary<string, double> { [name] = 1 },
            };
            var id = Unique("chaos-job");
            // A submission may be repeated: the same content under the same id is the same job.
            await TryAsync(async () => (await Client.GetGrain<IJobGrain>(id).Submit(spec, "test")).Status == JobResultStatus.Accepted);
            submitted[id] = spec;
            await Task.Delay(random.Next(800));
        }
    }

    /// <summary>The jobs' own work: ranks run for a while and end well, now and then badly.</summary>
    private static async Task WorkAsync(Dictionary<string, JobAgent> agents, Random random, CancellationToken cancellationToken)
    {
        var since = new Dictionary<(string Node, string Job, long Fence), Stopwatch>();
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var agent in agents.Values)
            {
                foreach (var (job, fence) in agent.Running.ToArray())
                {
                    if (!since.TryGetValue((agent.Node, job, fence), out var ran)) since[(agent.Node, job, fence)] = ran = Stopwatch.StartNew();
                    if (ran.Elapsed < TimeSpan.FromSeconds(3)) continue;
                    since.Remove((agent.Node, job, fence));
                    _ = random.Next(12) == 0 ? agent.FailAsync(job) : agent.FinishAsync(job);
                }
            }
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private static async Task HideAsync(IEnumerable<JobAgent> agents)
    {
        var hidden = agents.ToArray();
        foreach (var agent in hidden) agent.GoSilent();
        await Task.Delay(JobLease + TimeSpan.FromSeconds(3));
        foreach (var agent in hidden) agent.ComeBack();
    }

    /// <summary>Nobody else gets to the database.</summary>
    private static async Task WithoutStorageAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={StoragePath};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE";
        await TryAsync(async () => await command.ExecuteNonQueryAsync() >= -1);
        await Task.Delay(StorageAway);
        command.CommandText = "ROLLBACK";
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Only the index is looked at: to ask a job would wake it, which is the mesh's own business.</summary>
    private static async Task<IReadOnlyList<MeshJob>> UntilEndedAsync(IReadOnlyCollection<string> ids, string name, Stopwatch watch)
    {
        var index = Client.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key);
        while (true)
        {
            var jobs = new List<MeshJob>();
            for (var tenant = 0; tenant < 3; tenant++)
                await TryAsync(async () =>
                {
                    var page = await index.List(new() { Tenant = $"{name}-t{tenant}", Limit = 1000 });
                    jobs.RemoveAll(j => j.Spec.Tenant == $"{name}-t{tenant}");
                    jobs.AddRange(page.Jobs);
                    return true;
                });
            if (jobs.Count == ids.Count && jobs.All(j => j.State.IsTerminal())) break;
            if (watch.Elapsed > Patience) Assert.Fail($"{jobs.Count} of {ids.Count}:\n" + string.Join("\n", jobs.Where(j => !j.State.IsTerminal()).Select(j => $"{j.Id} {j.State} since {j.Since:T}: {j.Reason} stop {j.Stop?.Goal} lost {string.Join(",", j.LostNodes)} at {string.Join(",", j.Placement?.Groups.Select(g => g.Node) ?? [])}")));
            await Task.Delay(500);
        }
        var ended = new List<MeshJob>();
        foreach (var id in ids) ended.Add((await Client.GetGrain<IJobGrain>(id).Get())!);
        return ended;
    }

    /// <summary>The laws, over the logs of all jobs.</summary>
    private async Task CheckAsync(IReadOnlyList<MeshJob> jobs, ConcurrentDictionary<string, JobSpec> submitted, IEnumerable<JobAgent> agents)
    {
        Assert.AreEqual(submitted.Count, jobs.Count);
        var held = new List<(string Gpu, string Job, DateTimeOffset From, DateTimeOffset To)>();
        var (restarts, placements) = (0, 0);
        foreach (var job in jobs)
        {
            var log = await Client.GetGrain<IJobGrain>(job.Id).Log(0, 500);
            CollectionAssert.AreEqual(Enumerable.Range(1, log.Count).Select(i => (long)i).ToArray(), log.Select(e => e.Sequence).ToArray(), $"{job.Id}: no event is missing");
            Assert.AreEqual("submitted", log[0].Kind);
            Assert.IsTrue(log[^1].State.IsTerminal() && log.Take(log.Count - 1).All(e => !e.State.IsTerminal()), $"{job.Id} ends once");
            var fences = log.Where(e => e.Kind == "admitted").Select(e => e.Fence).ToArray();
            CollectionAssert.AreEqual(Enumerable.Range(1, fences.Length).Select(i => (long)i).ToArray(), fences, $"{job.Id}: one place after the other");
            for (var i = 0; i < log.Count; i++)
            {
                if (log[i].Kind != "admitted") continue;
                placements++;
                var end = log.Skip(i + 1).First(e => e.Kind == "admitted" || e.State.IsTerminal() || e.State.IsWaiting() || e.State == JobState.Paused);
                held.AddRange(log[i].Data["gpus"].Split(',').Select(gpu => (gpu, job.Id, log[i].At, end.At)));
            }
            restarts += job.Progress.Restarts;
        }
        foreach (var gpu in held.GroupBy(h => h.Gpu))
        {
            var turns = gpu.OrderBy(h => h.From).ToArray();
            for (var i = 1; i < turns.Length; i++)
                Assert.IsTrue(turns[i].From >= turns[i - 1].To || turns[i].Job == turns[i - 1].Job, $"{gpu.Key} belongs to {turns[i - 1].Job} until {turns[i - 1].To:O} and to {turns[i].Job} from {turns[i].From:O}");
        }
        foreach (var agent in agents) Assert.IsEmpty(agent.Violations, string.Join("\n", agent.Violations));
        foreach (var cell in agents.Select(a => a.Cell).Distinct())
            await EventuallyAsync(async () => (await Client.GetGrain<ICapacityLedgerGrain>(cell).List()).Claims.Count, n => n == 0, $"claims of {cell}");
        TestContext.WriteLine($"{jobs.Count} jobs, {placements} placements, {restarts} restarts of their own; {jobs.Count(j => j.State == JobState.Completed)} completed.");
        Assert.IsTrue(jobs.All(j => j.State == JobState.Completed), string.Join("\n", jobs.Where(j => j.State != JobState.Completed).Select(j => $"{j.Id} {j.State}: {j.Reason}")));
        Assert.IsTrue(placements > jobs.Count, "some were placed again");
    }

    private static async Task TryAsync(Func<Task<bool>> call)
    {
        for (var until = DateTime.UtcNow + Patience; DateTime.UtcNow < until; await Task.Delay(200))
        {
            try
            {
                if (await call().WaitAsync(TimeSpan.FromSeconds(60))) return;
            }
            catch (Exception e) when (e is not AssertFailedException)
            {
                // What chaos does; it is tried again.
            }
        }
        Assert.Fail("A call did not get through.");
    }
}
