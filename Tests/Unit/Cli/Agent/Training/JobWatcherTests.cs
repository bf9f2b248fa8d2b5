extern alias api;

using System.Globalization;
using Grpc.Core;
using Kind = api::InferMesh.State.V1.JobReportKind;
using Wire = api::InferMesh.State.V1;

namespace InferMesh.Tests.Unit.Cli.Agent.Training;

[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class JobWatcherTests
{
    private const int Limit = 60_000;
    private const string WaitForTerm = "trap 'exit 143' TERM; while :; do read -r line && echo \"asked $line\"; sleep 0.02; done";

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_RanksEndWell_StartedStepCheckpointFinishedAreToldInOrder()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job(
            """
            if [ $RANK = 1 ]; then echo 'INFERMESH {"step":99}'; echo 'INFERMESH {"checkpoint":98,"ref":"/ckpt/98"}'; exit 0; fi
            echo 'INFERMESH {"step":3,"stepSeconds":0.25,"other":[1]}'; echo 'INFERMESH not json'; echo plain
            """,
            ranks: 2));
        await jobs.ToldAsync(Kind.Finished);

        Assert.AreEqual("Started:1 Checkpoint:1 Finished:1", jobs.Story);
        var step = jobs.Reports.Single(report => report.Kind == Kind.Step);
        Assert.AreEqual((3, 0.25, "job-1", jobs.Node), (step.Step, step.StepSeconds, step.JobId, step.NodeId), "of the first rank alone");
        Assert.AreEqual((98, "/ckpt/98"), (jobs.Report(Kind.Checkpoint).Step, jobs.Report(Kind.Checkpoint).CheckpointRef), "of any rank");
        StringAssert.Contains(jobs.Log(), "plain");
        var poll = jobs.Mesh.Polls.First();
        Assert.AreEqual((jobs.Node, "cell-a", "10.0.0.7", 0), (poll.NodeId, poll.Cell, poll.Host, poll.Version));
        await Eventually.HoldsAsync(() => jobs.Mesh.Polls.Last().Running.Count == 0, "it says that nothing runs");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_SameFenceAgain_IsBegunOnce()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job("echo once >> count; exit 0"));
        await jobs.ToldAsync(Kind.Finished);
        jobs.Mesh.AssignJobs(jobs.Job("echo once >> count; exit 0"));
        var version = jobs.Mesh.Jobs.Version;
        await Eventually.HoldsAsync(() => jobs.Mesh.Polls.Count(poll => poll.Version == version) >= 2, "the agent has it");

        Assert.AreEqual("once\n", await File.ReadAllTextAsync(Path.Combine(jobs.WorkDir, "job-1", "count")));
        Assert.AreEqual("Started:1 Finished:1", jobs.Story);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_RankEndsBadly_FailsAtOnceAndTheOthersAreKilled()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job("if [ $RANK = 1 ]; then while [ ! -e go ]; do sleep 0.02; done; echo out of memory >&2; exit 7; fi; sleep 600 & sleep 600", ranks: 2));
        await jobs.ToldAsync(Kind.Started);
        var processes = jobs.Processes();
        await Eventually.HoldsAsync(() => jobs.Mesh.Polls.Last().Running is [{ JobId: "job-1", Fence: 1 }], "it says what runs");
        await File.WriteAllTextAsync(Path.Combine(jobs.WorkDir, "job-1", "go"), "");
        await jobs.ToldAsync(Kind.Failed);

        var failed = jobs.Report(Kind.Failed);
        Assert.AreEqual((1, 7), (failed.Rank, failed.ExitCode));
        StringAssert.Contains(failed.Error, "out of memory");
        await Eventually.HoldsAsync(() => !processes.Any(JobsUnderTest.Runs), "the other rank is gone");
        await Eventually.HoldsAsync(() => Left(jobs) == 0, "and what it started");
        Assert.AreEqual("Started:1 Failed:1", jobs.Story);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_CheckpointAskedFor_ReachesTheRanks()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        var job = jobs.Job("while read -r line; do [ \"$line\" = checkpoint ] && echo 'INFERMESH {\"checkpoint\":5,\"ref\":\"/c/5\"}'; done; sleep 600");
        job.CheckpointRequest = 3;
        jobs.Mesh.AssignJobs(job);
        await jobs.ToldAsync(Kind.Started);
        Assert.AreEqual("Started:1", jobs.Story, "what was asked for before it began is not asked for again");
        jobs.Mesh.AssignJobs(new Wire.JobAssignment(job) { CheckpointRequest = 4 });
        await jobs.ToldAsync(Kind.Checkpoint);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Stop_CheckpointFirst_WaitsForItThenEndsTheRanks()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        var job = jobs.Job("trap 'echo got-term; exit 143' TERM; read -r line; echo \"asked $line\"; echo 'INFERMESH {\"checkpoint\":7,\"ref\":\"/c/7\"}'; while :; do sleep 0.02; done");
        jobs.Mesh.AssignJobs(job);
        await jobs.ToldAsync(Kind.Started);
        jobs.Mesh.AssignJobs(new Wire.JobAssignment(job) { Order = Wire.JobOrder.Stop, CheckpointFirst = true, GraceSeconds = 40 });
        await jobs.ToldAsync(Kind.Stopped);

        Assert.AreEqual("Started:1 Checkpoint:1 Stopped:1", jobs.Story);
        StringAssert.StartsWith(jobs.Log(), "asked checkpoint\nINFERMESH {\"checkpoint\":7,\"ref\":\"/c/7\"}\n");
        StringAssert.Contains(jobs.Log(), "got-term\n");
        Assert.IsFalse(jobs.Processes().Any(JobsUnderTest.Runs));
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Stop_RanksDoNotEnd_AreKilledWhenTheGraceIsOver()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        var job = jobs.Job("trap '' TERM; echo 'INFERMESH {\"checkpoint\":1,\"ref\":\"/c\"}'; while :; do sleep 0.02; done", ranks: 2);
        jobs.Mesh.AssignJobs(job);
        await Eventually.HoldsAsync(() => jobs.Reports.Count(report => report.Kind == Kind.Checkpoint) == 2, "both ranks no longer care for SIGTERM");
        var processes = jobs.Processes();
        jobs.Mesh.AssignJobs(new Wire.JobAssignment(job) { Order = Wire.JobOrder.Stop, GraceSeconds = 0.3 });
        await jobs.ToldAsync(Kind.Stopped);

        Assert.IsFalse(processes.Any(JobsUnderTest.Runs));
        StringAssert.EndsWith(jobs.Story, "Stopped:1");
        Assert.IsFalse(jobs.Reports.Any(report => report.Kind is Kind.Failed or Kind.Finished));
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Stop_NothingRuns_IsToldAndTheFenceNeverBegins()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(new Wire.JobAssignment(jobs.Job("touch ran")) { Order = Wire.JobOrder.Stop });
        await jobs.ToldAsync(Kind.Stopped);
        jobs.Mesh.AssignJobs(jobs.Job("touch ran"));
        jobs.Mesh.AssignJobs(jobs.Job("exit 0"), jobs.Job("exit 0", id: "job-2"));
        await Eventually.HoldsAsync(() => jobs.Reports.Any(report => report is { JobId: "job-2", Kind: Kind.Finished }), "another job runs");

        Assert.IsFalse(jobs.Reports.Any(report => report is { JobId: "job-1", Kind: Kind.Started }), jobs.Story);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_NewerFence_StartsWhenTheOlderOnesRanksAreGone()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        // What leaves the rank's group and session belongs to it all the same.
        jobs.Mesh.AssignJobs(jobs.Job("trap '' TERM; setsid sh -c 'echo $$ > away; while :; do sleep 0.02; done' & while :; do sleep 0.02; done"));
        var (away, seen) = (Path.Combine(jobs.WorkDir, "job-1", "away"), Path.Combine(jobs.WorkDir, "job-1", "seen"));
        await Eventually.HoldsAsync(() => File.Exists(away) && File.ReadAllText(away).EndsWith('\n'), "it runs");
        int[] old = [.. jobs.Processes(), int.Parse(await File.ReadAllTextAsync(away), CultureInfo.InvariantCulture)];
        Assert.IsTrue(old.All(JobsUnderTest.Runs));
        jobs.Mesh.AssignJobs(jobs.Job($"for p in {string.Join(' ', old)}; do kill -0 $p && echo $p; done > seen 2>&1; echo $INFERMESH_FENCE >> seen", fence: 2));
        await jobs.ToldAsync(Kind.Finished, fence: 2);

        Assert.AreEqual("Started:1 Started:2 Finished:2", jobs.Story);
        var lines = (await File.ReadAllLinesAsync(seen)).ToHashSet();
        Assert.Contains("2", lines);
        Assert.IsFalse(old.Any(pid => lines.Contains($"{pid}") && JobsUnderTest.Runs(pid)), "none of the older fence runs beside the newer");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_OlderFenceLater_IsLeftAlone()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job(WaitForTerm, fence: 5));
        await jobs.ToldAsync(Kind.Started, fence: 5);
        var processes = jobs.Processes();
        jobs.Mesh.AssignJobs(jobs.Job("exit 0", fence: 4));
        var version = jobs.Mesh.Jobs.Version;
        await Eventually.HoldsAsync(() => jobs.Mesh.Polls.Count(poll => poll.Version == version) >= 2, "the agent has it");

        Assert.AreEqual("Started:5", jobs.Story);
        Assert.IsTrue(processes.All(JobsUnderTest.Runs));
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_JobAbsent_IsKilledAndForgottenWithoutAReport()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job("trap '' TERM; sleep 600 & while :; do sleep 0.02; done"), jobs.Job(WaitForTerm, id: "job-2"));
        await Eventually.HoldsAsync(() => jobs.Reports.Count(report => report.Kind == Kind.Started) == 2, "both run");
        var (gone, kept) = (jobs.Processes(), jobs.Processes("job-2"));
        jobs.Mesh.AssignJobs(jobs.Job(WaitForTerm, id: "job-2"));
        await Eventually.HoldsAsync(() => jobs.Watcher.Runner!.RunOf("job-1") is null, "it is forgotten");

        Assert.IsFalse(gone.Any(JobsUnderTest.Runs));
        Assert.IsTrue(kept.All(JobsUnderTest.Runs));
        Assert.AreEqual("Started:1 Started:1", jobs.Story);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Lease_MeshAway_KillsTheRanksAndSaysSoWhenItIsBack()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.LeaseSeconds = 1;
        jobs.Mesh.AssignJobs(jobs.Job("trap '' TERM; while :; do sleep 0.02; done"), jobs.Job("exit 0", id: "done"));
        await Eventually.HoldsAsync(() => jobs.Reports.Any(report => report is { JobId: "done", Kind: Kind.Finished }), "one has finished");
        await Eventually.HoldsAsync(() => jobs.Reports.Any(report => report is { JobId: "job-1", Kind: Kind.Started }), "the other runs");
        var processes = jobs.Processes();
        await jobs.Mesh.DownAsync();
        await Eventually.HoldsAsync(() => !processes.Any(JobsUnderTest.Runs), "the ranks are killed");
        var before = jobs.Mesh.Polls.Count;
        await jobs.Mesh.UpAsync();
        await jobs.ToldAsync(Kind.Failed);

        Assert.AreEqual("lease ran out", jobs.Report(Kind.Failed).Error);
        Assert.AreEqual("job-1", jobs.Report(Kind.Failed).JobId);
        Assert.IsEmpty(jobs.Mesh.Polls.Skip(before).First().Running, "it says that nothing runs");
        Assert.AreEqual(1, jobs.Reports.Count(report => report.Kind == Kind.Failed));
        // Work goes on with the next fence.
        jobs.Mesh.LeaseSeconds = 60;
        jobs.Mesh.AssignJobs(jobs.Job("exit 0", fence: 2));
        await jobs.ToldAsync(Kind.Finished, fence: 2);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Lease_JobTakenAwayMeanwhile_IsNotTold()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.LeaseSeconds = 1;
        jobs.Mesh.AssignJobs(jobs.Job("while :; do sleep 0.02; done"));
        await jobs.ToldAsync(Kind.Started);
        var processes = jobs.Processes();
        await jobs.Mesh.DownAsync();
        await Eventually.HoldsAsync(() => !processes.Any(JobsUnderTest.Runs), "the ranks are killed");
        jobs.Mesh.AssignJobs(jobs.Job("exit 0", id: "job-2"));
        await jobs.Mesh.UpAsync();
        await Eventually.HoldsAsync(() => jobs.Reports.Any(report => report is { JobId: "job-2", Kind: Kind.Finished }), "another job runs");

        Assert.IsFalse(jobs.Reports.Any(report => report.Kind == Kind.Failed));
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Report_ApiDoesNotTakeIt_IsSentAgainInOrderAndDroppedWhenTheJobIsUnknown()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        var refusals = 3;
        jobs.Mesh.JobRefusal = report => report.JobId == "unknown" ? new RpcException(new Status(StatusCode.NotFound, "no such job"))
            : Interlocked.Decrement(ref refusals) >= 0 ? new RpcException(new Status(StatusCode.Unavailable, "busy")) : null;
        jobs.Mesh.AssignJobs(jobs.Job("for i in 1 2 3; do echo \"INFERMESH {\\\"checkpoint\\\":$i,\\\"ref\\\":\\\"/c/$i\\\"}\"; done"), jobs.Job("exit 0", id: "unknown"));
        await jobs.ToldAsync(Kind.Finished);

        Assert.AreEqual("Started:1 Checkpoint:1 Checkpoint:1 Checkpoint:1 Finished:1", jobs.Story);
        CollectionAssert.AreEqual(new[] { 1L, 2, 3 }, jobs.Reports.Where(report => report.Kind == Kind.Checkpoint).Select(report => report.Step).ToArray());
        await Eventually.HoldsAsync(() => jobs.Mesh.Polls.Last().Running.Count == 0, "both are over");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Agent_Stops_EndsItsRanksAndTellsNothing()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job("trap 'echo got-term; exit 0' TERM; echo 'INFERMESH {\"step\":1}'; while :; do sleep 0.02; done"));
        await jobs.ToldAsync(Kind.Step);
        var processes = jobs.Processes();
        await jobs.StopAgentAsync();

        Assert.IsFalse(processes.Any(JobsUnderTest.Runs));
        StringAssert.Contains(jobs.Log(), "got-term\n");
        Assert.AreEqual("Started:1", jobs.Story);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Agent_NextLife_FailsAFenceThatWasBegunBefore()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job("while :; do sleep 0.02; done"));
        await jobs.ToldAsync(Kind.Started);
        await jobs.StopAgentAsync();
        await using var again = jobs.Again();
        await again.ToldAsync(Kind.Failed);

        StringAssert.Contains(again.Report(Kind.Failed).Error, "begun with this fence before");
        Assert.AreEqual("Started:1 Failed:1", again.Story);
    }

    private static int Left(JobsUnderTest jobs) => Directory.GetDirectories("/proc").Count(folder =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "environ")).Contains($"INFERMESH_NODE_ID={jobs.Node}", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
