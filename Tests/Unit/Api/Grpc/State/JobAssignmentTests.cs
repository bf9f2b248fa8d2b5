extern alias cli;
using cli::InferMesh.State.V1;
using Grpc.Core;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Domain = InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Tests.Unit.Api.Grpc.State;

[TestClass]
public sealed class JobAssignmentTests
{
    [TestMethod]
    public async Task PollJobs_Assignment_ComesWithEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        api.Jobs.Node("n1").Jobs = new(7, [Assignment()], TimeSpan.FromSeconds(20));
        var answer = await new StatePlane.StatePlaneClient(api.Channel).PollJobsAsync(
            new() { NodeId = "n1", Cell = "old", Host = "10.0.0.7", Version = 3, Running = { new RunningJob { JobId = "j-1", Fence = 2 } } });

        Assert.AreEqual((true, 7L, 20.0), (answer.Changed, answer.Version, answer.LeaseSeconds));
        var expected = new JobAssignment
        {
            JobId = "j-1",
            Fence = 3,
            Order = JobOrder.Stop,
            CheckpointRequest = 4,
            CheckpointFirst = true,
            GraceSeconds = 30,
            Ranks = { new JobRank { Rank = 8, LocalRank = 0, Gpu = "GPU-1" } },
            WorldSize = 16,
            Peers = { new JobPeer { NodeId = "n1", Host = "10.0.0.7", FirstRank = 8, Ranks = 8 } },
            MasterAddress = "10.0.0.1",
            MasterPort = 29500,
            Image = "img",
            Command = { "python", "train.py" },
            Environment = { { "NCCL_ALGO", "Tree" } },
            CheckpointTo = "s3://c",
            ResumeFrom = "s3://c/9",
            ResumeStep = 9,
            Dataset = "d",
            HintRevision = 5,
        };
        Assert.AreEqual(expected, answer.Assignments.Single());
        var (_, launcher, wait) = api.Jobs.Node("n1").Watches.Single();
        Assert.AreEqual(("c1", "10.0.0.7", TimeSpan.FromSeconds(5)), (launcher.Cell, launcher.Host, wait), "the cell is that of the registration");
        Assert.AreEqual(new("j-1", 2), launcher.Running.Single());
    }

    [TestMethod]
    public async Task PollJobs_NothingNew_SaysTheLeaseNevertheless()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        api.Jobs.Node("n1").Jobs = new(7, [], TimeSpan.FromSeconds(20));
        var client = new StatePlane.StatePlaneClient(api.Channel);
        var request = new PollJobsRequest { NodeId = "n1", Cell = "c1", Host = "n1", Version = 7 };

        var first = await client.PollJobsAsync(request);
        Assert.AreEqual((true, 7L, 20.0), (first.Changed, first.Version, first.LeaseSeconds), "this server has not heard of the lease yet, and so asks for all");
        var second = await client.PollJobsAsync(request);
        Assert.AreEqual((false, 7L, 20.0), (second.Changed, second.Version, second.LeaseSeconds));
        CollectionAssert.AreEqual(new[] { 0L, 7L }, api.Jobs.Node("n1").Watches.Select(w => w.Version).ToArray());
    }

    [TestMethod]
    public async Task PollJobs_NodeThatIsNotRegistered_HearsOfIt()
    {
        await using var api = await ApiUnderTest.StartAsync();
        await RpcAssert.FailsAsync(StatusCode.NotFound, new StatePlane.StatePlaneClient(api.Channel).PollJobsAsync(new() { NodeId = "n1", Cell = "c1", Host = "n1" }));
        Assert.IsEmpty(api.Jobs.Node("n1").Watches);
    }

    [TestMethod]
    public async Task ReportJob_EachKind_ReachesTheJob()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var client = new StatePlane.StatePlaneClient(api.Channel);
        await client.ReportJobAsync(new() { NodeId = "n1", JobId = "j-1", Fence = 3, Kind = JobReportKind.Checkpoint, Step = 40, CheckpointRef = "s3://c/40", StepSeconds = 0.5 });
        await client.ReportJobAsync(new() { NodeId = "n1", JobId = "j-1", Fence = 3, Kind = JobReportKind.Failed, Rank = 0, ExitCode = 0, Error = "OOM\u001b[31m" });
        await client.ReportJobAsync(new() { NodeId = "n1", JobId = "j-1", Fence = 3, Kind = JobReportKind.Started });

        var reports = api.Jobs.Job("j-1").Reports.ToArray();
        Assert.AreEqual((Domain.JobReportKind.Checkpoint, 40L, 0.5, "s3://c/40"), (reports[0].Kind, reports[0].Step, reports[0].StepSeconds, reports[0].CheckpointRef));
        Assert.AreEqual((Domain.JobReportKind.Failed, 0, 0, "OOM [31m"), (reports[1].Kind, reports[1].Rank, reports[1].ExitCode, reports[1].Error));
        Assert.AreEqual((Domain.JobReportKind.Started, 3L, "n1", -1, null, null), (reports[2].Kind, reports[2].Fence, reports[2].Node, reports[2].Rank, reports[2].ExitCode, reports[2].StepSeconds));
    }

    [TestMethod]
    public async Task Jobs_BadInputOrNoKey_IsRefused()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1"));
        var client = new StatePlane.StatePlaneClient(api.Channel);
        var poll = new PollJobsRequest { NodeId = "a b", Host = "a b", Running = { new RunningJob { JobId = "", Fence = 0 } } };
        CollectionAssert.AreEquivalent(
            new[] { "node_id", "cell", "host", "running[0].job_id", "running[0].fence" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.PollJobsAsync(poll))));
        var crowd = new PollJobsRequest { NodeId = "n1", Cell = "c1", Host = "n1", Running = { Enumerable.Range(0, 1025).Select(i => new RunningJob { JobId = $"j-{i}", Fence = 1 }) } };
        CollectionAssert.AreEqual(new[] { "running" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.PollJobsAsync(crowd))));
        var report = new ReportJobRequest { Step = -1, StepSeconds = double.NaN, Rank = -1, Error = new('x', 2049), CheckpointRef = new('x', 2049) };
        CollectionAssert.AreEquivalent(
            new[] { "node_id", "job_id", "fence", "kind", "step", "step_seconds", "checkpoint_ref", "rank", "error" },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, client.ReportJobAsync(report))));

        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, client.PollJobsAsync(new() { NodeId = "n1", Cell = "c1", Host = "n1" }, ApiUnderTest.Stranger));
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, client.ReportJobAsync(new() { NodeId = "n1", JobId = "j-1", Fence = 1, Kind = JobReportKind.Started }, ApiUnderTest.Stranger));
    }

    private static Domain.JobAssignment Assignment() => new()
    {
        Job = "j-1",
        Fence = 3,
        Node = "n1",
        Order = Domain.JobOrder.Stop,
        CheckpointRequest = 4,
        CheckpointFirst = true,
        Grace = TimeSpan.FromSeconds(30),
        Ranks = [new(8, 0, "GPU-1")],
        WorldSize = 16,
        Peers = [new("n1", "10.0.0.7", 8, 8)],
        MasterAddress = "10.0.0.1",
        MasterPort = 29500,
        Image = "img",
        Command = ["python", "train.py"],
        Environment = new Dictionary<string, string> { ["NCCL_ALGO"] = "Tree" },
        CheckpointTo = "s3://c",
        ResumeFrom = "s3://c/9",
        ResumeStep = 9,
        Dataset = "d",
        HintRevision = 5,
    };
}
