extern alias cli;
using cli::InferMesh.Jobs.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Domain = InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Tests.Unit.Api.Grpc.Jobs;

[TestClass]
public sealed class JobPlaneTests
{
    private static readonly JobSpec Small = new() { Name = "sft", Command = { "python", "train.py" } };
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [TestMethod]
    public async Task SubmitJob_NameAndCommandAlone_GetsTheDefaults()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var answer = await Client(api).SubmitJobAsync(new() { Spec = Small });
        Assert.IsTrue(answer.Created);
        var spec = answer.Job.Spec;
        Assert.AreEqual(("default", 100, 1, 1, true, 30.0, 3), (spec.Tenant, spec.Priority, spec.Workers, spec.GpusPerWorker, spec.Preemptible, spec.GraceSeconds, spec.MaxRestarts));
        Assert.AreEqual((JobState.Queued, 1L, api.Jobs.All.Single().Id), (answer.Job.State, answer.Job.Version, answer.Job.Id));
    }

    [TestMethod]
    public async Task SubmitJob_EveryField_ComesBackAsWritten()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var spec = new JobSpec
        {
            Name = "sft",
            Tenant = "t",
            Project = "p",
            Priority = 0,
            Workers = 4,
            GpusPerWorker = 8,
            MinWorkers = 2,
            MaxWorkers = 8,
            Parallelism = new() { Data = 4, Tensor = 8, Pipeline = 1, Expert = 1 },
            GpuTypes = { { "H100-80G", 1 } },
            GpuMemoryBytes = 1L << 36,
            MigProfile = "3g.40gb",
            RequiredDomain = JobDomain.Rack,
            PreferredDomain = JobDomain.Node,
            Strategy = "pack",
            Preemptible = false,
            Dataset = "d",
            CheckpointTo = "s3://c",
            CheckpointEverySeconds = 600,
            GraceSeconds = 0,
            Deadline = Timestamp.FromDateTimeOffset(At),
            BudgetGpuHours = 10,
            ExpectedSeconds = 60,
            Image = "img",
            Command = { "train" },
            Environment = { { "A", "B" } },
            MaxRestarts = 0,
            StepComputeSeconds = 0.5,
            GradientBytes = 1e6,
        };
        var answer = await Client(api).SubmitJobAsync(new() { Spec = spec });
        Assert.AreEqual(spec, answer.Job.Spec);
        Assert.AreEqual(answer.Job, await Client(api).GetJobAsync(new() { JobId = answer.Job.Id }));
    }

    [TestMethod]
    public async Task SubmitJob_SameToken_IsTheSameJobOrTaken()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var first = await Client(api).SubmitJobAsync(new() { Spec = Small, ClientToken = "k" });
        var again = await Client(api).SubmitJobAsync(new() { Spec = Small, ClientToken = "k" });
        Assert.AreEqual((JobIds.Of("default", "k"), true, false), (first.Job.Id, first.Created, again.Created));
        Assert.AreEqual(first.Job, again.Job);
        var other = Small.Clone();
        other.Workers = 2;
        CollectionAssert.AreEqual(new[] { "client_token" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.AlreadyExists, Client(api).SubmitJobAsync(new() { Spec = other, ClientToken = "k" }))));
    }

    [TestMethod]
    public async Task SubmitJob_WrongInput_NamesAllFieldsAtOnce()
    {
        await using var api = await ApiUnderTest.StartAsync();
        CollectionAssert.AreEquivalent(new[] { "spec.name", "spec.command", "spec.gpus_per_worker" }, await Fields(new() { Spec = new() { GpusPerWorker = 65 } }));
        CollectionAssert.AreEquivalent(
            new[] { "client_token", "spec.required_domain", "spec.deadline", "spec.name" },
            await Fields(new() { Spec = new() { Command = { "x" }, RequiredDomain = (JobDomain)99, Deadline = new() { Nanos = -1 } }, ClientToken = "\n" }));
        CollectionAssert.AreEqual(new[] { "spec" }, await Fields(new()));
        CollectionAssert.AreEquivalent(new[] { "spec.name", "spec.command" }, await Fields(new() { Spec = new(), DryRun = true }));
        Assert.IsEmpty(api.Jobs.All);

        async Task<string[]> Fields(SubmitJobRequest request) => RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, Client(api).SubmitJobAsync(request)));
    }

    [TestMethod]
    public async Task SubmitJob_DryRun_SubmitsNothing()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Jobs.Preview = new("placed", "room", Placement(), ["j-2"]);
        var answer = await Client(api).SubmitJobAsync(new() { Spec = Small, DryRun = true });
        Assert.IsNull(answer.Job);
        Assert.AreEqual(("placed", "room", "j-2", 3), (answer.Preview.Verdict, answer.Preview.Reason, answer.Preview.Preempts.Single(), answer.Preview.Placement.Groups[1].FirstRank));
        Assert.IsEmpty(api.Jobs.All);
    }

    [TestMethod]
    public async Task GetJob_PlacedJob_HasEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Jobs.Put("j-1").Move(Domain.JobState.Running, "started", "why", change: job => job with
        {
            Since = At,
            SubmittedAt = At,
            StartedAt = At,
            EndedAt = At,
            Placement = Placement(),
            Fence = 3,
            LostNodes = ["n2"],
            Avoid = new Dictionary<string, DateTimeOffset> { ["n9"] = At },
            Progress = new() { Step = 12, StepSeconds = 0.5, CheckpointStep = 10, CheckpointRef = "c", CheckpointAt = At, Restarts = 1, GpuSeconds = 2 },
            Stop = new(Domain.JobGoal.Preempt, null, At, true, "others"),
        });
        var job = await Client(api).GetJobAsync(new() { JobId = "j-1" });
        var at = Timestamp.FromDateTimeOffset(At);
        Assert.AreEqual((JobState.Running, "why", 3L, "n2", at, at, at), (job.State, job.Reason, job.Fence, job.LostNodes.Single(), job.Avoid["n9"], job.StartedAt, job.EndedAt));
        Assert.AreEqual(new JobProgress { Step = 12, StepSeconds = 0.5, CheckpointStep = 10, CheckpointRef = "c", CheckpointAt = at, Restarts = 1, GpuSeconds = 2 }, job.Progress);
        Assert.AreEqual(new JobStop { Goal = JobGoal.Preempt, By = at, Checkpoint = true, Reason = "others" }, job.Stop);
        var expected = new JobPlacement
        {
            Fence = 3,
            Claim = "c-3",
            Groups = { new JobWorkers { NodeId = "n1", Cell = "c1", Workers = 2, Gpus = { "G1", "G2", "G3" } }, new JobWorkers { NodeId = "n2", Cell = "c1", Workers = 1, Gpus = { "G4" }, Lent = true, FirstRank = 3 } },
            Strategy = "pack",
            CrossEdges = { new JobCrossEdges { Domain = JobDomain.NvlinkIsland, Edges = 2 } },
            RingNsPerByte = 1.5,
            Hint = new() { Revision = 1, Environment = { { "NCCL_ALGO", "Tree" } }, Collectives = { new JobCollective { FromBytes = 8, Algorithm = "tree" } }, FusionBytes = 1024, Compress = true, ComputeSeconds = 1, ExchangeSeconds = 2 },
            Why = "near",
        };
        Assert.AreEqual(expected, job.Placement);
    }

    [TestMethod]
    public async Task ListJobs_Paged_ShowsEveryJobOnce()
    {
        await using var api = await ApiUnderTest.StartAsync();
        for (var i = 0; i < 5; i++) api.Jobs.Put($"j-{i}");
        var seen = new List<string>();
        var token = "";
        do
        {
            var page = await Client(api).ListJobsAsync(new() { PageSize = 2, PageToken = token, States = { JobState.Queued, JobState.Running } });
            Assert.AreEqual((5, JobState.Queued, 5), (page.Total, page.ByState.Single().State, page.ByState.Single().Jobs));
            seen.AddRange(page.Jobs.Select(j => j.Id));
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        CollectionAssert.AreEqual(new[] { "j-4", "j-3", "j-2", "j-1", "j-0" }, seen);
        await Client(api).ListJobsAsync(new() { Tenant = "t", Project = "p", Name = "n*", NodeId = "n1" });
        var query = api.Jobs.LastQuery!;
        Assert.AreEqual(("t", "p", "n*", "n1", 100, 0), (query.Tenant, query.Project, query.Name, query.Node, query.Limit, query.States.Count));
        CollectionAssert.AreEquivalent(
            new[] { "states", "page_size", "page_token" },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, Client(api).ListJobsAsync(new() { PageSize = 1001, PageToken = "!", States = { JobState.Unspecified } }))));
    }

    [TestMethod]
    public async Task WatchJob_Changes_ComeUntilItEnds()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var job = api.Jobs.Put("j-1");
        using var call = Client(api).WatchJob(new() { JobId = "j-1" });
        Assert.AreEqual(JobState.Queued, await NextAsync());
        job.Move(Domain.JobState.Running, "started");
        Assert.AreEqual(JobState.Running, await NextAsync());
        job.Move(Domain.JobState.Completed, "completed");
        Assert.AreEqual(JobState.Completed, await NextAsync());
        Assert.IsFalse(await call.ResponseStream.MoveNext(CancellationToken.None));

        using var known = Client(api).WatchJob(new() { JobId = "j-1", Version = 3 });
        Assert.IsFalse(await known.ResponseStream.MoveNext(CancellationToken.None), "the caller has that version");
        using var none = Client(api).WatchJob(new() { JobId = "j-9" });
        await RpcAssert.FailsAsync(StatusCode.NotFound, () => none.ResponseStream.MoveNext(CancellationToken.None));

        async Task<JobState> NextAsync()
        {
            Assert.IsTrue(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30)));
            return call.ResponseStream.Current.State;
        }
    }

    [TestMethod]
    public async Task Commands_OnAJob_DoWhatTheySay()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var job = api.Jobs.Put("j-1");
        Assert.AreEqual((JobState.Paused, "data"), (await Client(api).PauseJobAsync(new() { JobId = "j-1", Reason = "data" }) is var paused ? (paused.State, paused.Reason) : default));
        Assert.AreEqual(JobState.Queued, (await Client(api).ResumeJobAsync(new() { JobId = "j-1" })).State);
        Assert.AreEqual(8, (await Client(api).ScaleJobAsync(new() { JobId = "j-1", Workers = 8 })).DesiredWorkers);
        CollectionAssert.AreEqual(new[] { "workers" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, Client(api).ScaleJobAsync(new() { JobId = "j-1", Workers = 9 }))));
        var refused = await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, Client(api).CheckpointJobAsync(new() { JobId = "j-1" }));
        Assert.AreEqual(("JOB_STATE", "j-1", "It does not run."), RpcAssert.Detail<Google.Rpc.PreconditionFailure>(refused).Violations.Single() is var v ? (v.Type, v.Subject, v.Description) : default);
        job.Move(Domain.JobState.Running, "started");
        Assert.AreEqual(JobState.Checkpointing, (await Client(api).CheckpointJobAsync(new() { JobId = "j-1" })).State);
        Assert.AreEqual(JobState.Cancelled, (await Client(api).CancelJobAsync(new() { JobId = "j-1", Reason = "enough" })).State);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, Client(api).PauseJobAsync(new() { JobId = "j-1" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, Client(api).CancelJobAsync(new() { JobId = "j-9" }));
        CollectionAssert.AreEqual(
            new[] { "job_id", "reason", "reason" },
            RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, Client(api).PauseJobAsync(new() { JobId = "a b", Reason = new string('x', 256) + "\n" }))));
    }

    [TestMethod]
    public async Task ExplainJob_And_ListJobEvents_TellWhy()
    {
        await using var api = await ApiUnderTest.StartAsync();
        var job = api.Jobs.Put("j-1");
        job.Move(Domain.JobState.Running, "started", "room", data: ("nodes", "n1"));
        Assert.AreEqual(new JobExplanation { JobId = "j-1", State = JobState.Running, Reason = "room" }, await Client(api).ExplainJobAsync(new() { JobId = "j-1" }));
        api.Jobs.Explanations["j-1"] = new() { Job = "j-1", Position = 0, ExpectedStart = At, GpusNeeded = 1, GpusSuitable = 2, GpusFree = 3, TenantUsage = 4, Alternatives = new Dictionary<string, double> { ["a"] = -1, ["b"] = 0 } };
        var expected = new JobExplanation
        {
            JobId = "j-1",
            State = JobState.Queued,
            Position = 0,
            ExpectedStart = Timestamp.FromDateTimeOffset(At),
            GpusNeeded = 1,
            GpusSuitable = 2,
            GpusFree = 3,
            TenantUsage = 4,
            Alternatives = { new JobAlternative { Strategy = "a" }, new JobAlternative { Strategy = "b", RingNsPerByte = 0 } },
        };
        Assert.AreEqual(expected, await Client(api).ExplainJobAsync(new() { JobId = "j-1" }));
        await RpcAssert.FailsAsync(StatusCode.NotFound, Client(api).ExplainJobAsync(new() { JobId = "j-9" }));

        var page = await Client(api).ListJobEventsAsync(new() { JobId = "j-1", After = 1 });
        Assert.AreEqual((2L, "started", JobState.Running, "room", "n1"), page.Events.Single() is var e ? (e.Sequence, e.Kind, e.State, e.Reason, e.Data["nodes"]) : default);
        Assert.IsFalse(page.Truncated);
        job.Forgotten = 1;
        Assert.IsTrue((await Client(api).ListJobEventsAsync(new() { JobId = "j-1", PageSize = 1 })).Truncated);
        await RpcAssert.FailsAsync(StatusCode.NotFound, Client(api).ListJobEventsAsync(new() { JobId = "j-9" }));
        CollectionAssert.AreEquivalent(
            new[] { "job_id", "after", "page_size" }, RpcAssert.Fields(await RpcAssert.FailsAsync(StatusCode.InvalidArgument, Client(api).ListJobEventsAsync(new() { After = -1, PageSize = -1 }))));
    }

    [TestMethod]
    public async Task GetCapacity_NodesAndTenants_HasEveryField()
    {
        await using var api = await ApiUnderTest.StartAsync();
        Assert.AreEqual(new Capacity(), await Client(api).GetCapacityAsync(new()));
        api.Jobs.Current = new()
        {
            Nodes = [new() { Node = "n1", Cell = "c1", GpuType = "H100", Gpus = 8, Training = 4, Serving = 2, Lent = 1, Free = 2, Jobs = ["j-1"], Closed = "cordoned", LinkBytesPerSecond = 5e10, LinkClaimedBytesPerSecond = 2e10 }],
            Tenants = [new("t", 4, 16, 2, 0.5, 3), new("u", 0, null, 1, 0, 0)],
            PlannedAt = At,
            PlanMs = 1.5,
            Waiting = 3,
            ReservedFor = "j-2",
        };
        var expected = new Capacity
        {
            Nodes = { new NodeCapacity { NodeId = "n1", Cell = "c1", GpuType = "H100", Gpus = 8, Training = 4, Serving = 2, Lent = 1, Free = 2, Jobs = { "j-1" }, Closed = "cordoned", LinkBytesPerSecond = 5e10, LinkClaimedBytesPerSecond = 2e10 } },
            Tenants = { new TenantCapacity { Tenant = "t", Gpus = 4, MaxGpus = 16, Weight = 2, Usage = 0.5, Waiting = 3 }, new TenantCapacity { Tenant = "u", Weight = 1 } },
            PlannedAt = Timestamp.FromDateTimeOffset(At),
            PlanMs = 1.5,
            Waiting = 3,
            ReservedFor = "j-2",
        };
        Assert.AreEqual(expected, await Client(api).GetCapacityAsync(new()));
    }

    private static JobPlane.JobPlaneClient Client(ApiUnderTest api) => new(api.Channel);

    private static Domain.JobPlacement Placement() => new()
    {
        Fence = 3,
        Claim = "c-3",
        Groups = [new() { Node = "n1", Cell = "c1", Workers = 2, Gpus = ["G1", "G2", "G3"] }, new() { Node = "n2", Cell = "c1", Workers = 1, Gpus = ["G4"], Lent = true }],
        Strategy = "pack",
        CrossEdges = new Dictionary<Domain.JobDomain, int> { [Domain.JobDomain.NvlinkIsland] = 2 },
        RingNsPerByte = 1.5,
        Hint = new() { Revision = 1, Environment = new Dictionary<string, string> { ["NCCL_ALGO"] = "Tree" }, Collectives = [new(8, "tree")], FusionBytes = 1024, Compress = true, ComputeSeconds = 1, ExchangeSeconds = 2 },
        Why = "near",
    };
}
