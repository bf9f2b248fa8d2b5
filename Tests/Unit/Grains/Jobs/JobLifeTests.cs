using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Jobs;

namespace InferMesh.Tests.Unit.Grains.Jobs;

[TestClass]
public sealed class JobLifeTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Life_FromQueueToEnd_GoesThroughEachState()
    {
        var job = new Life();
        job.Do(l => l.Place(0, Place("a"), "its turn"));
        job.Is(JobState.Admitted, fence: 1);
        job.Confirm(true);
        job.Is(JobState.Placing, fence: 1);
        job.Do(l => l.Started());
        job.Is(JobState.Running, fence: 1);
        job.Do(l => l.NodeFinished(1, "n1"));
        job.Do(l => l.NodeFinished(1, "n1"));
        job.Is(JobState.Running, fence: 1);
        job.Do(l => l.NodeFinished(1, "n2"));
        job.Is(JobState.Completed, fence: 1);
        Assert.IsNull(job.Job.Placement);
        Assert.AreEqual(job.Job.EndedAt, job.Now);
    }

    [TestMethod]
    public void Place_AnotherFence_IsRefused()
    {
        var job = Running();
        StringAssert.Contains(job.Do(l => l.Place(0, Place("b"), "")).Refusal, "last placement is 1");
        StringAssert.Contains(job.Do(l => l.Vacate(7, JobGoal.Preempt, null, "")).Refusal, "last placement is 1");
    }

    [TestMethod]
    public void Place_WhileItRuns_WaitsForItsRanksAndTakesOneMoveAtATime()
    {
        var job = Running();
        job.Do(l => l.Place(1, Place("b"), "faster there"));
        job.Is(JobState.Rescaling, fence: 1);
        Assert.AreEqual(("a", "b", 2L), (job.Job.Placement!.Claim, job.Job.Stop!.Next!.Claim, job.Job.Stop.Next.Fence));
        Assert.AreNotEqual("", job.Do(l => l.Place(1, Place("c"), "")).Refusal);
        job.Do(l => l.Stopped());
        job.Is(JobState.Admitted, fence: 2);
        Assert.AreEqual("b", job.Job.Placement!.Claim);
    }

    [TestMethod]
    [DataRow(null, JobState.Queued)]
    [DataRow(JobGoal.Queue, JobState.Queued)]
    [DataRow(JobGoal.Preempt, JobState.Queued)]
    [DataRow(JobGoal.Fail, JobState.Failed)]
    public void Restored_WithAPlace_HasNoneAndDoesWhatWasToFollow(JobGoal? goal, JobState expected)
    {
        var job = Running();
        var gpuSeconds = job.Job.Progress.GpuSeconds;
        if (goal is { } stop) job.Do(l => l.Vacate(1, stop, TimeSpan.Zero, "wanted"));
        job.Do(l => l.Restored("ann"));
        job.Is(expected, fence: 1);
        Assert.IsNull(job.Job.Placement);
        Assert.IsNull(job.Job.Stop);
        Assert.AreEqual("ann", job.Log.Events[^1].Event.Actor);
        if (goal is null) Assert.AreEqual(gpuSeconds, job.Job.Progress.GpuSeconds, "the time that it was gone is not counted");
        Assert.IsNull(job.Do(l => l.Restored("ann")).Event, "one that has no place stays as it is");
    }

    [TestMethod]
    public void Restored_WhilePausedOrCancelled_IsSo()
    {
        var paused = Running();
        paused.Do(l => l.Pause("", "ann"));
        paused.Do(l => l.Restored("ben"));
        paused.Is(JobState.Paused, fence: 1);
        var cancelled = Running();
        cancelled.Do(l => l.Cancel("", "ann"));
        cancelled.Do(l => l.Restored("ben"));
        cancelled.Is(JobState.Cancelled, fence: 1);
    }

    [TestMethod]
    public void ClaimLost_WaitsAgain()
    {
        var job = new Life();
        job.Do(l => l.Place(0, Place("a"), ""));
        job.Confirm(false);
        job.Is(JobState.Queued, fence: 1);
        Assert.IsNull(job.Job.Placement);
        Assert.AreEqual("", job.Do(l => l.Place(1, Place("b"), "")).Refusal, "the next fence is another one");
    }

    [TestMethod]
    public void Cancel_InEveryState_EndsAsCancelled()
    {
        foreach (var job in new[] { new Life(), Running(), Stopping(JobGoal.Preempt), Stopping(JobGoal.Pause), Paused() })
        {
            Assert.AreEqual("", job.Do(l => l.Cancel("", "me")).Refusal);
            job.Do(l => l.Stopped());
            Assert.AreEqual(JobState.Cancelled, job.Job.State);
            Assert.AreEqual("", job.Do(l => l.Cancel("", "me")).Refusal, "twice is once");
        }
    }

    [TestMethod]
    public void Pause_AndResumeBeforeItHasStopped_Waits()
    {
        var job = Stopping(JobGoal.Pause);
        job.Do(l => l.Resume("me"));
        job.Do(l => l.Stopped());
        Assert.AreEqual(JobState.Queued, job.Job.State);
    }

    [TestMethod]
    public void RankFailed_RestartsWhereItIsThenFails()
    {
        var job = Running(s => s with { MaxRestarts = 1 });
        var report = new JobReport { Fence = 1, Node = "n1", Kind = JobReportKind.Failed, Rank = 3, ExitCode = 9, Error = "boom" };
        job.Do(l => l.RankFailed(report, TimeSpan.FromMinutes(1)));
        Assert.AreEqual((JobGoal.Place, "a", 2L), (job.Job.Stop!.Goal, job.Job.Stop.Next!.Claim, job.Job.Stop.Next.Fence));
        job.Do(l => l.RankFailed(report, TimeSpan.FromMinutes(1)));
        Assert.AreEqual(1, job.Job.Progress.Restarts, "the others that fail with it are no news");
        job.Do(l => l.Stopped());
        job.Confirm(true);
        job.Do(l => l.Started());
        job.Do(l => l.RankFailed(report with { Fence = 2 }, TimeSpan.FromMinutes(1)));
        job.Do(l => l.Stopped());
        job.Is(JobState.Failed, fence: 2);
        StringAssert.Contains(job.Job.Reason, "rank 3 on n1 ended with exit code 9: boom");
    }

    [TestMethod]
    public void CannotStart_LeavesTheNodeAloneForAWhile()
    {
        var job = Running();
        job.Do(l => l.RankFailed(new() { Fence = 1, Node = "n2", Kind = JobReportKind.Failed, Error = "no such program" }, TimeSpan.FromMinutes(5)));
        Assert.AreEqual(JobGoal.Queue, job.Job.Stop!.Goal);
        Assert.AreEqual(job.Now.AddMinutes(5), job.Job.Avoid["n2"]);
    }

    [TestMethod]
    public void NodeLost_Degrades_AndAMoveToALostNodeBecomesAWait()
    {
        var job = Running();
        job.Do(l => l.NodeLost(1, "n2", "silent"));
        job.Is(JobState.Degraded, fence: 1);
        job.Do(l => l.NodeLost(1, "n9", "not one of its nodes"));
        CollectionAssert.AreEqual(new[] { "n2" }, job.Job.LostNodes.ToArray());

        var moving = Running();
        moving.Do(l => l.RankFailed(new() { Fence = 1, Node = "n1", Kind = JobReportKind.Failed, ExitCode = 1 }, TimeSpan.Zero));
        moving.Do(l => l.NodeLost(1, "n1", "silent"));
        moving.Do(l => l.Stopped());
        Assert.AreEqual(JobState.Queued, moving.Job.State);
    }

    [TestMethod]
    public void Checkpoint_OfARequest_GoesOnRunning()
    {
        var job = Running();
        job.Do(l => l.Checkpoint("me"));
        Assert.AreEqual((JobState.Checkpointing, 1), (job.Job.State, job.Job.CheckpointRequests));
        job.Do(l => l.Saved(40, "ref"));
        Assert.AreEqual((JobState.Running, 40L, "ref"), (job.Job.State, job.Job.Progress.CheckpointStep!.Value, job.Job.Progress.CheckpointRef));
        StringAssert.Contains(new Life().Do(l => l.Checkpoint("me")).Refusal, "queued");
    }

    [TestMethod]
    public void Budget_UsedUp_Fails()
    {
        var job = Running(s => s with { BudgetGpuHours = 1 });
        job.After(TimeSpan.FromMinutes(14));
        job.Do(l => l.OverBudget());
        Assert.IsNull(job.Job.Stop, "four GPUs for 14 minutes are less than an hour");
        job.After(TimeSpan.FromMinutes(2));
        job.Do(l => l.OverBudget());
        Assert.AreEqual(JobGoal.Fail, job.Job.Stop!.Goal);
    }

    [TestMethod]
    public void GpuSeconds_OverManyEvents_AreTheTimeThatItHeldThem()
    {
        var job = Running();
        for (var i = 0; i < 10; i++)
        {
            job.After(TimeSpan.FromSeconds(6));
            job.Do(l => l.Saved(i + 1, $"c{i}"));
        }
        Assert.AreEqual(4 * 72, job.Job.Progress.GpuSeconds, 1e-9, "four GPUs for two seconds until it ran and ten times seven after");
    }

    [TestMethod]
    public void Fold_OfALongLog_IsTheJobWhateverWasFoldedAway()
    {
        var job = Running();
        for (var i = 0; i < 3 * JobFold.Kept; i++)
        {
            job.Do(l => l.Saved(i + 1, $"c{i}"));
            Assert.IsTrue(job.Log.Events.Count <= JobFold.Kept);
        }
        Assert.AreEqual(job.Job, JobFold.Fold("j", job.Log)! with { LostNodes = job.Job.LostNodes, FinishedNodes = job.Job.FinishedNodes, Avoid = job.Job.Avoid });
    }

    [TestMethod]
    public void Vacate_WhileItStops_OnlyHurriesIt()
    {
        var job = Running(s => s with { GraceSeconds = 600 });
        job.Do(l => l.Vacate(1, JobGoal.Preempt, null, "room"));
        var by = job.Job.Stop!.By;
        job.Do(l => l.Vacate(1, JobGoal.Preempt, TimeSpan.FromHours(1), "later"));
        Assert.AreEqual(by, job.Job.Stop.By);
        job.Do(l => l.Vacate(1, JobGoal.Queue, TimeSpan.FromSeconds(10), "serving wants its GPUs back"));
        Assert.AreEqual((JobGoal.Preempt, job.Now.AddSeconds(10)), (job.Job.Stop.Goal, job.Job.Stop.By));
    }

    [TestMethod]
    public void ClaimGone_StopsAtOnceAndWaits()
    {
        var job = Running();
        job.Do(l => l.ClaimGone("another"));
        Assert.IsNull(job.Job.Stop);
        job.Do(l => l.ClaimGone("a"));
        Assert.AreEqual((JobGoal.Queue, job.Now), (job.Job.Stop!.Goal, job.Job.Stop.By));
    }

    [TestMethod]
    public void ReportsOfAnOlderPlace_ChangeNothing()
    {
        var job = Running();
        job.Do(l => l.RankFailed(new() { Fence = 1, Node = "n1", Kind = JobReportKind.Failed, ExitCode = 1 }, TimeSpan.Zero));
        job.Do(l => l.Stopped());
        job.Confirm(true);
        job.Do(l => l.Started());
        job.Do(l => l.NodeFinished(1, "n1"));
        job.Do(l => l.RankFailed(new() { Fence = 1, Node = "n2", Kind = JobReportKind.Failed, ExitCode = 1 }, TimeSpan.Zero));
        job.Is(JobState.Running, fence: 2);
        Assert.AreEqual((0, 1, true), (job.Job.FinishedNodes.Count, job.Job.Progress.Restarts, job.Job.Stop is null));
    }

    [TestMethod]
    public void Life_RandomCalls_KeepsItsLaws()
    {
        var random = new Random(1);
        for (var round = 0; round < 500; round++)
        {
            var job = new Life(s => s with { MaxRestarts = 2, CheckpointTo = "x" });
            for (var i = 0; i < 60; i++)
            {
                var before = job.Job;
                job.After(TimeSpan.FromSeconds(random.Next(3)));
                job.Do(l => Any(random, l, before));
                var after = job.Job;
                Assert.IsFalse(before.State.IsTerminal() && before.State != after.State, $"{before.State} is the end");
                Assert.IsTrue(after.Fence == before.Fence || after.Fence == before.Fence + 1);
                Assert.AreEqual(after.State.IsPlaced(), after.Placement is not null, $"{after.State}");
                Assert.IsTrue(after.Placement is null || after.Placement.Fence == after.Fence);
                Assert.IsTrue(after.Stop is null || after.Placement is not null, "what has no place has nothing to stop");
                Assert.IsTrue(before.Placement is null || after.Placement is null || before.Placement.Claim == after.Placement.Claim || before.Stop is not null, "nobody goes elsewhere before it has stopped");
                Assert.IsTrue(after.Progress.GpuSeconds >= before.Progress.GpuSeconds);
            }
        }
    }

    private static JobTurn Any(Random random, JobLife life, MeshJob job) => random.Next(14) switch
    {
        0 => life.Pause("", "me"),
        1 => life.Resume("me"),
        2 => life.Scale(1, "me"),
        3 => life.Checkpoint("me"),
        4 => random.Next(10) == 0 ? life.Cancel("", "me") : JobTurn.Nothing,
        5 or 6 => life.Place(job.Fence - random.Next(2), Place($"c{random.Next(1000)}"), "why"),
        7 => life.Vacate(job.Fence, (JobGoal)random.Next(1, 3), null, "why"),
        8 => life.Confirmed(job.Placement?.Claim ?? "", random.Next(4) > 0),
        9 => life.Started(),
        10 => life.RankFailed(new() { Fence = job.Fence, Node = "n1", Kind = JobReportKind.Failed, ExitCode = random.Next(2) == 0 ? 1 : null }, TimeSpan.FromSeconds(5)),
        11 => life.NodeLost(job.Fence, $"n{random.Next(1, 4)}", "why"),
        12 => random.Next(5) == 0 ? life.NodeFinished(job.Fence - random.Next(2), $"n{random.Next(1, 3)}") : life.Saved(random.Next(100), "ref"),
        _ => life.Stopped(),
    };

    private static Life Running(Func<JobSpec, JobSpec>? change = null)
    {
        var job = new Life(change);
        job.Do(l => l.Place(0, Place("a"), "its turn"));
        job.Confirm(true);
        job.Do(l => l.Started());
        return job;
    }

    private static Life Stopping(JobGoal goal)
    {
        var job = Running();
        job.Do(l => goal == JobGoal.Pause ? l.Pause("", "me") : l.Vacate(1, goal, null, "why"));
        return job;
    }

    private static Life Paused()
    {
        var job = Stopping(JobGoal.Pause);
        job.Do(l => l.Stopped());
        return job;
    }

    private static JobPlacement Place(string claim) => new()
    {
        Claim = claim,
        Groups = [new() { Node = "n1", Cell = "c", Workers = 2, Gpus = ["g1", "g2"] }, new() { Node = "n2", Cell = "c", Workers = 2, Gpus = ["g3", "g4"] }],
    };

    private sealed class Life
    {
        public Life(Func<JobSpec, JobSpec>? change = null)
        {
            var spec = new JobSpec { Name = "job", Workers = 4, Command = ["train"] };
            Add(JobLife.Submitted(change?.Invoke(spec) ?? spec, "me", Now));
        }

        public DateTimeOffset Now { get; private set; } = Start;

        public JobLogState Log { get; } = new();

        public MeshJob Job { get; private set; } = null!;

        public void After(TimeSpan time) => Now += time;

        public JobTurn Do(Func<JobLife, JobTurn> call)
        {
            Now += TimeSpan.FromSeconds(1);
            var turn = call(new(Job, Now, Log.Events[^1].Event.At));
            if (turn.Event is { } happened) Add(happened);
            return turn;
        }

        public void Confirm(bool kept) => Do(l => l.Confirmed(Job.Placement!.Claim, kept));

        public void Is(JobState state, long fence) => Assert.AreEqual((state, fence), (Job.State, Job.Fence));

        private void Add(StoredJobEvent happened)
        {
            Job = JobFold.Apply("j", Job, happened);
            JobFold.Add("j", Log, happened);
        }
    }
}
