using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Jobs from their submission to their end, on silos of their own: each test has nodes with a GPU type that no other test has.</summary>
[TestClass]
public sealed class JobGrainTests
{
    [TestMethod]
    public async Task Submit_RoomIsThere_RunsWithItsRanksInOrderAndCompletes()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var job = await fleet.SubmitAsync(workers: 2, gpus: 4);
        var running = await fleet.UntilAsync(job, JobState.Running);

        Assert.AreEqual((1L, 2), (running.Fence, running.Placement!.Groups.Count));
        Assert.AreEqual(8, running.Placement.Groups.SelectMany(g => g.Gpus).Distinct().Count());
        var seen = fleet.Agents.SelectMany(a => a.Seen).Where(a => a.Job == job).DistinctBy(a => a.Node).OrderBy(a => a.Ranks[0].Rank).ToArray();
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3, 4, 5, 6, 7 }, seen.SelectMany(a => a.Ranks).Select(r => r.Rank).ToArray());
        Assert.IsTrue(seen.All(a => a.WorldSize == 8 && a.MasterAddress == "127.0.0.1" && a.MasterPort == seen[0].MasterPort));
        Assert.IsNotNull(running.Placement.Hint);

        foreach (var agent in fleet.Agents) await agent.FinishAsync(job);
        var ended = await fleet.UntilAsync(job, JobState.Completed);
        Assert.IsNull(ended.Placement);
        Assert.IsTrue(ended.Progress.GpuSeconds > 0);
        await fleet.UntilNothingIsClaimedAsync();
        CollectionAssert.AreEqual(
            new[] { "submitted", "admitted", "placing", "running", "node_finished", "completed" }, (await Grain(job).Log(0, 100)).Select(e => e.Kind).ToArray());
    }

    [TestMethod]
    public async Task Submit_SameAgain_GivesTheJobAndOtherContentIsAConflict()
    {
        await using var fleet = await Fleet.StartAsync(0);
        var spec = fleet.Spec(1, 1);
        var id = MeshCluster.Unique("job");

        Assert.IsTrue((await Grain(id).Submit(spec, "test")).Created);
        var again = await Grain(id).Submit(spec with { Command = ["train"] }, "test");
        Assert.AreEqual((JobResultStatus.Accepted, false), (again.Status, again.Created));
        Assert.AreEqual(JobResultStatus.Conflict, (await Grain(id).Submit(spec with { Workers = 2 }, "test")).Status);
        var bad = await Grain(MeshCluster.Unique("job")).Submit(spec with { Workers = 0, Command = [], Strategy = "magic", Priority = 2000 }, "test");
        CollectionAssert.AreEquivalent(new[] { "workers", "command", "strategy", "priority" }, bad.Errors.Select(e => e.Field).ToArray());
    }

    [TestMethod]
    public async Task Submit_NoRoom_WaitsAndSaysWhyAndRunsWhenThereIs()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var first = await fleet.SubmitAsync(workers: 1, gpus: 4);
        await fleet.UntilAsync(first, JobState.Running);
        var second = await fleet.SubmitAsync(workers: 1, gpus: 2);

        var why = await MeshCluster.EventuallyAsync(() => Scheduler.Explain(second), e => e is { GpusFree: 0, GpusSuitable: 4 } && e.Reason.Contains("needs 2 GPUs", StringComparison.Ordinal), "explanation");
        Assert.AreEqual(JobState.Queued, why!.State);
        await Grain(first).Cancel("", "test");
        await fleet.UntilAsync(first, JobState.Cancelled);
        await fleet.UntilAsync(second, JobState.Running);
    }

    [TestMethod]
    public async Task Submit_HigherPriority_PreemptsAfterACheckpointAndTheOtherGoesOnLater()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var low = await fleet.SubmitAsync(workers: 1, gpus: 4, change: s => s with { Priority = 10, CheckpointTo = "/checkpoints" });
        await fleet.UntilAsync(low, JobState.Running);
        var high = await fleet.SubmitAsync(workers: 1, gpus: 4, change: s => s with { Priority = 500 });

        await fleet.UntilAsync(high, JobState.Running);
        Assert.AreEqual(JobState.Preempted, (await Grain(low).Get())!.State);
        Assert.IsTrue(fleet.Agents[0].Seen.Any(a => a is { Order: JobOrder.Stop, CheckpointFirst: true } && a.Job == low));
        await fleet.Agents[0].FinishAsync(high);
        Assert.AreEqual(2, (await fleet.UntilAsync(low, JobState.Running)).Fence);
    }

    [TestMethod]
    public async Task RankFails_StartsAgainFromTheLastCheckpointAndFailsWhenItDoesSoTooOften()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var job = await fleet.SubmitAsync(workers: 1, gpus: 2, change: s => s with { MaxRestarts = 1, CheckpointTo = "/checkpoints" });
        await fleet.UntilAsync(job, JobState.Running);
        await fleet.Agents[0].ReportAsync(job, 1, JobReportKind.Checkpoint, r => r with { Step = 40, CheckpointRef = "/checkpoints/40" });
        await fleet.Agents[0].FailAsync(job, rank: 1);

        var again = await fleet.UntilAsync(job, j => j is { State: JobState.Running, Fence: 2 });
        Assert.AreEqual((1, 40L), (again.Progress.Restarts, again.Progress.CheckpointStep!.Value));
        var assignment = fleet.Agents[0].Seen.Last(a => a.Job == job && a.Order == JobOrder.Run);
        Assert.AreEqual(("/checkpoints/40", 40L), (assignment.ResumeFrom, assignment.ResumeStep));
        await fleet.Agents[0].FailAsync(job);
        var failed = await fleet.UntilAsync(job, JobState.Failed);
        StringAssert.Contains(failed.Reason, "exit code 1: out of luck");
        await fleet.UntilNothingIsClaimedAsync();
    }

    [TestMethod]
    public async Task SavedWhileItRuns_Restored_GoesOnFromItsCheckpointAndIsStillTheSameJob()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var job = await fleet.SubmitAsync(workers: 1, gpus: 4, change: s => s with { CheckpointTo = "/checkpoints" });
        await fleet.UntilAsync(job, JobState.Running);
        await fleet.Agents[0].ReportAsync(job, 1, JobReportKind.Checkpoint, r => r with { Step = 40, CheckpointRef = "/checkpoints/40" });
        await fleet.UntilAsync(job, j => j.Progress.CheckpointStep == 40);
        var saved = (await MeshCluster.Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Job, job)).Save())!;
        await Grain(job).Cancel("", "test");
        await fleet.UntilAsync(job, JobState.Cancelled);

        // Under another id, as in a mesh that does not know it.
        var id = MeshCluster.Unique("job");
        var image = MeshCluster.Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Job, id));
        var restored = await image.Restore(saved, false, false, "ann");
        Assert.AreEqual((RestoreStatus.Created, saved.Version + 1), (restored.Status, restored.Version));
        var running = await fleet.UntilAsync(id, JobState.Running);
        Assert.AreEqual((2L, 40L), (running.Fence, running.Progress.CheckpointStep));
        var assignment = fleet.Agents[0].Seen.Last(a => a.Job == id && a.Order == JobOrder.Run);
        Assert.AreEqual(("/checkpoints/40", 40L), (assignment.ResumeFrom, assignment.ResumeStep));
        Assert.AreEqual(1, (await Grain(id).Log(0, 100)).Count(e => e is { Kind: "restored", Actor: "ann" }));
        Assert.IsFalse((await Grain(id).Submit(running.Spec, "test")).Created);
        Assert.AreEqual(RestoreStatus.Unchanged, (await image.Restore(saved, true, false, "ann")).Status);

        // One that has ended comes back as it is.
        var ended = (await MeshCluster.Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Job, job)).Save())!;
        Assert.AreEqual(RestoreStatus.Kept, (await MeshCluster.Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Job, id)).Restore(ended with { State = ended.State.Replace("/checkpoints", "/other", StringComparison.Ordinal) }, true, false, "ann")).Status);
        var other = MeshCluster.Unique("job");
        Assert.AreEqual(ended.Version, (await MeshCluster.Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.Job, other)).Restore(ended, false, false, "ann")).Version);
        Assert.AreEqual(JobState.Cancelled, (await Grain(other).Get())!.State);
        await MeshCluster.EventuallyAsync(
            () => MeshCluster.Client.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key).List(new() { Limit = 1000 }), p => p.Jobs.Any(j => j.Id == other && j.State == JobState.Cancelled), "the job in the list");
    }

    [TestMethod]
    public async Task AgentGone_ItsWorkersGoElsewhereAndTheOthersStay()
    {
        await using var fleet = await Fleet.StartAsync(3);
        var job = await fleet.SubmitAsync(workers: 2, gpus: 4);
        var before = (await fleet.UntilAsync(job, JobState.Running)).Placement!.Groups.Select(g => g.Node).ToArray();
        var lost = fleet.Agents.Single(a => a.Node == before[1]);
        lost.GoSilent();

        var after = await fleet.UntilAsync(job, j => j is { State: JobState.Running, Fence: 2 });
        var nodes = after.Placement!.Groups.Select(g => g.Node).ToArray();
        CollectionAssert.Contains(nodes, before[0]);
        CollectionAssert.DoesNotContain(nodes, before[1]);
        Assert.IsTrue((await Grain(job).Log(0, 100)).Any(e => e is { Kind: "node_lost", State: JobState.Degraded }));
    }

    [TestMethod]
    public async Task AgentGone_NoSpare_AnElasticJobShrinksAndGrowsAgain()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var job = await fleet.SubmitAsync(workers: 2, gpus: 4, change: s => s with { MinWorkers = 1 });
        await fleet.UntilAsync(job, JobState.Running);
        fleet.Agents[1].GoSilent();
        await fleet.UntilAsync(job, j => j is { State: JobState.Running, Placement.Workers: 1 });
        fleet.Agents[1].ComeBack();
        await fleet.UntilAsync(job, j => j is { State: JobState.Running, Placement.Workers: 2 });
    }

    [TestMethod]
    public async Task OwnerCommands_PauseResumeScaleCheckpointCancel_DoWhatTheySay()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var job = await fleet.SubmitAsync(workers: 1, gpus: 4, change: s => s with { MaxWorkers = 2, CheckpointTo = "/checkpoints" });
        await fleet.UntilAsync(job, JobState.Running);

        Assert.AreEqual(JobResultStatus.Invalid, (await Grain(job).Scale(3, "test")).Status);
        Assert.AreEqual(JobResultStatus.Accepted, (await Grain(job).Scale(2, "test")).Status);
        var scaled = await fleet.UntilAsync(job, j => j is { State: JobState.Running, Placement.Workers: 2 });
        Assert.AreEqual(JobState.Checkpointing, (await Grain(job).Checkpoint("test")).Job!.State);
        await MeshCluster.EventuallyAsync(() => Task.FromResult(fleet.Agents[0].Seen.Any(a => a.Job == job && a.CheckpointRequest == 1)), asked => asked, "request");
        await fleet.Agents[0].ReportAsync(job, scaled.Fence, JobReportKind.Checkpoint, r => r with { Step = 7, CheckpointRef = "/checkpoints/7" });
        await fleet.UntilAsync(job, j => j is { State: JobState.Running, Progress.CheckpointStep: 7 });

        await Grain(job).Pause("lunch", "test");
        var paused = await fleet.UntilAsync(job, JobState.Paused);
        Assert.AreEqual(("lunch", true), (paused.Reason, paused.Placement is null));
        Assert.AreEqual(JobResultStatus.Conflict, (await Grain(job).Checkpoint("test")).Status);
        await Grain(job).Resume("test");
        await fleet.UntilAsync(job, JobState.Running);
        await Grain(job).Cancel("enough", "test");
        await fleet.UntilAsync(job, JobState.Cancelled);
        Assert.AreEqual(JobResultStatus.Conflict, (await Grain(job).Resume("test")).Status);
        Assert.AreEqual(JobResultStatus.Accepted, (await Grain(job).Cancel("again", "test")).Status);
        await fleet.UntilNothingIsClaimedAsync();
    }

    [TestMethod]
    public async Task NodeQuarantined_TheJobLeavesIt()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var job = await fleet.SubmitAsync(workers: 1, gpus: 4);
        var first = (await fleet.UntilAsync(job, JobState.Running)).Placement!.Groups[0].Node;
        await MeshCluster.Client.GetGrain<INodeGrain>(first).Quarantine("wrong results", "test");

        var after = await fleet.UntilAsync(job, j => j is { State: JobState.Running, Fence: 2 });
        Assert.AreNotEqual(first, after.Placement!.Groups[0].Node);
    }

    [TestMethod]
    public async Task RankCannotStart_GoesToAnotherNode()
    {
        await using var fleet = await Fleet.StartAsync(2);
        foreach (var agent in fleet.Agents)
        {
            agent.OnRun = a => a.Fence == 1
                ? agent.ReportAsync(a.Job, a.Fence, JobReportKind.Failed, r => r with { Error = "no such program" })
                : agent.ReportAsync(a.Job, a.Fence, JobReportKind.Started);
        }
        var job = await fleet.SubmitAsync(workers: 1, gpus: 4);
        var running = await fleet.UntilAsync(job, JobState.Running);

        var log = await Grain(job).Log(0, 100);
        Assert.AreNotEqual(log.First(e => e.Kind == "rank_failed").Data["node"], running.Placement!.Groups[0].Node);
    }

    [TestMethod]
    public async Task Report_OfANodeThatTheJobWasNeverOn_SaysNothing()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var job = await fleet.SubmitAsync(workers: 1, gpus: 4, change: s => s with { CheckpointTo = "/checkpoints" });
        var running = await fleet.UntilAsync(job, JobState.Running);
        foreach (var kind in Enum.GetValues<JobReportKind>())
            await Grain(job).Report(new() { Node = "elsewhere", Fence = running.Fence, Kind = kind, Step = 1_000_000, CheckpointRef = "/theirs", Rank = 0, ExitCode = 1 });
        var after = (await Grain(job).Get())!;
        Assert.AreEqual((JobState.Running, running.Fence, 0, "", (long?)null), (after.State, after.Fence, after.Progress.Restarts, after.Progress.CheckpointRef, after.Progress.CheckpointStep));
        Assert.IsLessThan(1_000_000, after.Progress.Step);
    }

    [TestMethod]
    public async Task List_ByStateAndTenant_PagesNewestFirst()
    {
        await using var fleet = await Fleet.StartAsync(0);
        var tenant = MeshCluster.Unique("tenant");
        var ids = new List<string>();
        for (var i = 0; i < 7; i++) ids.Add(await fleet.SubmitAsync(1, 1, s => s with { Tenant = tenant }));
        await Grain(ids[3]).Cancel("", "test");
        var index = MeshCluster.Client.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key);

        var page = await MeshCluster.EventuallyAsync(() => index.List(new() { Tenant = tenant, States = [JobState.Queued], Limit = 4 }), p => p.Total == 6, "queued jobs");
        var rest = await index.List(new() { Tenant = tenant, States = [JobState.Queued], Limit = 4, After = page.Jobs[^1].Id, AfterSubmitted = page.Jobs[^1].SubmittedAt.UtcTicks });
        CollectionAssert.AreEqual(ids.Where((_, i) => i != 3).Reverse().ToArray(), page.Jobs.Concat(rest.Jobs).Select(j => j.Id).ToArray());
        Assert.AreEqual((true, false), (page.More, rest.More));
        Assert.IsTrue(page.Jobs.All(j => j.Spec.Command.Count == 0), "lists leave out what may be long");
    }

    [TestMethod]
    public async Task Forget_OnlyWhatHasEnded_AndNothingIsLeftOfIt()
    {
        await using var fleet = await Fleet.StartAsync(0);
        var job = await fleet.SubmitAsync(1, 1);
        Assert.IsFalse(await Grain(job).Forget());
        await Grain(job).Cancel("", "test");
        await MeshCluster.EventuallyAsync(() => Grain(job).Forget(), static forgotten => forgotten, "the log has heard of its end, and it is forgotten");
        Assert.IsNull(await Grain(job).Get());
        Assert.IsEmpty(await Grain(job).Log(0, 10));
    }

    [TestMethod]
    public async Task SubmittedAgainAfterItWasForgotten_ItsEventsAreInTheLog()
    {
        await using var fleet = await Fleet.StartAsync(0);
        var job = MeshCluster.Unique("job");
        for (var life = 1; life <= 2; life++)
        {
            Assert.IsTrue((await Grain(job).Submit(fleet.Spec(1, 1), "test")).Created);
            await Grain(job).Cancel($"life {life}", "test");
            await MeshCluster.EventuallyAsync(() => Grain(job).Forget(), static forgotten => forgotten, "the log has heard of its end, and it is forgotten");
        }
        var events = await MeshCluster.EventuallyAsync(
            async () => (await MeshCluster.EventsAsync()).Where(e => e.Subject == job).ToArray(), static all => all.Any(static e => e.Reason == "life 2"), "events of the second life");
        Assert.AreEqual(2, events.Count(static e => e.Type == EventTypes.JobSubmitted));
    }

    [TestMethod]
    public async Task IdThatWasMadeUp_KeepsNoActivation()
    {
        var id = MeshCluster.Unique("nothing");
        Assert.IsNotEmpty(await Grain(id).Check(new() { Name = "" }));
        Assert.AreEqual(JobResultStatus.Invalid, (await Grain(id).Submit(new() { Name = "" }, "test")).Status);
        Assert.AreEqual(JobResultStatus.NotFound, (await Grain(id).Cancel("", "test")).Status);
        var management = MeshCluster.Client.GetGrain<IManagementGrain>(0);
        await MeshCluster.EventuallyAsync(() => management.GetActivationAddress(Grain(id)).AsTask(), static host => host is null, "nothing is kept of it");
    }

    [TestMethod]
    public async Task DryRun_SaysWhereItWouldGoAndChangesNothing()
    {
        await using var fleet = await Fleet.StartAsync(2);
        await fleet.UntilKnownAsync();

        var fits = await Scheduler.DryRun(fleet.Spec(2, 4));
        Assert.AreEqual(("placed", 8), (fits.Verdict, fits.Placement?.Groups.Sum(g => g.Gpus.Count)));
        Assert.AreEqual("never", (await Scheduler.DryRun(fleet.Spec(3, 4))).Verdict);
        await fleet.UntilNothingIsClaimedAsync();
    }

    [TestMethod]
    public async Task TenantOfOneNode_ItsJobsRunThereAlone()
    {
        await using var fleet = await Fleet.StartAsync(2);
        await fleet.UntilKnownAsync();
        var home = $"{fleet.Name}-1";
        var tenant = MeshCluster.Client.GetGrain<ITenantGrain>(fleet.Name);
        Assert.AreEqual(TenantStatus.Accepted, (await tenant.Put(new() { Placement = new() { Nodes = [home] } }, PolicyVersions.None, "test")).Status);

        Assert.AreEqual("never", (await Scheduler.DryRun(fleet.Spec(2, 4))).Verdict);
        var first = await fleet.SubmitAsync(workers: 1, gpus: 4);
        Assert.AreEqual(home, (await fleet.UntilAsync(first, JobState.Running)).Placement!.Groups.Single().Node);
        var second = await fleet.SubmitAsync(workers: 1, gpus: 4);
        var why = await MeshCluster.EventuallyAsync(() => Scheduler.Explain(second), e => e is { GpusFree: 0, GpusSuitable: 4 }, "explanation");
        Assert.AreEqual(JobState.Queued, why!.State);
        await fleet.Agents[1].FinishAsync(first);
        Assert.AreEqual(home, (await fleet.UntilAsync(second, JobState.Running)).Placement!.Groups.Single().Node);
    }

    [TestMethod]
    public async Task Deadline_PassesWhileItWaits_TheJobFails()
    {
        await using var fleet = await Fleet.StartAsync(0);
        var job = await fleet.SubmitAsync(1, 1, s => s with { Deadline = DateTimeOffset.UtcNow.AddSeconds(1) });

        StringAssert.Contains((await fleet.UntilAsync(job, JobState.Failed)).Reason, "deadline");
    }

    [TestMethod]
    public async Task Events_OfAJob_AreInTheMeshLog()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var job = await fleet.SubmitAsync(1, 1);
        await fleet.UntilAsync(job, JobState.Running);

        var types = await MeshCluster.EventuallyAsync(
            async () => (await MeshCluster.EventsAsync()).Where(e => e.Subject == job).Select(e => e.Type).Distinct().Order().ToArray(), t => t.Length == 3, "events");
        CollectionAssert.AreEqual(new[] { EventTypes.JobPlaced, EventTypes.JobStateChanged, EventTypes.JobSubmitted }, types);
    }

    private static IJobSchedulerGrain Scheduler => MeshCluster.Client.GetGrain<IJobSchedulerGrain>(IJobSchedulerGrain.Key);

    private static IJobGrain Grain(string id) => MeshCluster.Client.GetGrain<IJobGrain>(id);

    /// <summary>Nodes of one test, told from all others by their GPU type.</summary>
    private sealed class Fleet(string name) : IAsyncDisposable
    {
        public List<JobAgent> Agents { get; } = [];

        public static async Task<Fleet> StartAsync(int nodes, int gpus = 4)
        {
            var fleet = new Fleet(MeshCluster.Unique("jobs"));
            for (var i = 0; i < nodes; i++) fleet.Agents.Add(await JobAgent.StartAsync($"{fleet.Name}-{i}", fleet.Name, gpus, gpuType: fleet.Name));
            return fleet;
        }

        public string Name => name;

        public JobSpec Spec(int workers, int gpus) =>
            new() { Name = "test", Tenant = name, Workers = workers, GpusPerWorker = gpus, Command = ["train"], GpuTypes = new Dictionary<string, double> { [name] = 1 }, GraceSeconds = 5 };

        public async Task<string> SubmitAsync(int workers, int gpus, Func<JobSpec, JobSpec>? change = null)
        {
            var id = MeshCluster.Unique("job");
            var spec = Spec(workers, gpus);
            var result = await Grain(id).Submit(change?.Invoke(spec) ?? spec, "test");
            Assert.AreEqual(JobResultStatus.Accepted, result.Status, string.Join("; ", result.Errors));
            return id;
        }

        public Task<MeshJob> UntilAsync(string job, JobState state) => UntilAsync(job, j => j.State == state);

        public async Task<MeshJob> UntilAsync(string job, Func<MeshJob, bool> condition) =>
            (await MeshCluster.EventuallyAsync(() => Grain(job).Get(), j => j is not null && condition(j), $"{job} on {name}"))!;

        public async Task UntilKnownAsync() => await MeshCluster.EventuallyAsync(async () => (await Scheduler.Capacity()).Nodes.Count(n => n.Cell == name && n.Free > 0), n => n == Agents.Count, "nodes that the scheduler knows");

        public async Task UntilNothingIsClaimedAsync() => await MeshCluster.EventuallyAsync(async () => (await MeshCluster.Client.GetGrain<ICapacityLedgerGrain>(name).List()).Claims.Count, n => n == 0, "claims");

        public async ValueTask DisposeAsync()
        {
            foreach (var agent in Agents) await agent.DisposeAsync();
        }
    }
}
