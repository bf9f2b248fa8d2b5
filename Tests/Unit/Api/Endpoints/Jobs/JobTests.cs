using System.Text.Json;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Tests.Unit.Api.Endpoints.Jobs;

[TestClass]
public sealed class JobTests
{
    private const string Small = """{"name":"sft","command":["python","train.py"]}""";

    private const string Full =
        """{"name":"sft","tenant":"t1","project":"p1","priority":7,"workers":4,"gpusPerWorker":8,"minWorkers":2,"maxWorkers":8,"parallelism":{"data":4,"tensor":8,"pipeline":1,"expert":1},"gpuTypes":{"H100-80G":1,"A100-80G":0.5},"gpuMemoryBytes":85899345920,"migProfile":"3g.40gb","requiredDomain":"nvlink_island","preferredDomain":"rack","strategy":"pack","preemptible":false,"dataset":"d","checkpointTo":"s3://c","checkpointEverySeconds":600,"graceSeconds":60,"deadline":"2030-01-02T03:04:05+00:00","budgetGpuHours":1000,"expectedSeconds":3600,"image":"img","command":["python","train.py"],"environment":{"EPOCHS":"3"},"maxRestarts":0,"stepComputeSeconds":0.25,"gradientBytes":1000000}""";

    [TestMethod]
    public async Task Submit_NameAndCommandAlone_GetsTheDefaults()
    {
        using var api = new ApiHost();
        var made = (await api.PostAsync("/api/v1/jobs", Small, ("x-infermesh-actor", "ada"))).AssertStatus(201);
        var job = api.Mesh.Jobs.All.Single();
        Assert.AreEqual(($"/api/v1/jobs/{job.Id}", "\"1\""), (made.Headers.Location?.ToString(), made.Etag));
        Assert.AreEqual(("local-admin (says ada)", "queued", job.Id), (job.SubmittedBy, made.Json.GetProperty("state").GetString(), made.Json.GetProperty("id").GetString()));
        Assert.AreEqual(JsonSerializer.Serialize(new JobSpec { Name = "sft", Command = ["python", "train.py"] }), JsonSerializer.Serialize(job.Spec));
        Assert.IsFalse(made.Json.TryGetProperty("placement", out _));
        Assert.IsFalse(made.Json.GetProperty("progress").TryGetProperty("step", out _), "it has not told any");
    }

    [TestMethod]
    public async Task Submit_EveryField_ComesBackAndMayBeSubmittedAgain()
    {
        using var api = new ApiHost();
        var made = (await api.PostAsync("/api/v1/jobs", Full)).AssertStatus(201);
        var spec = made.Json.GetProperty("spec").GetRawText();
        Assert.IsTrue(JsonElement.DeepEquals(JsonDocument.Parse(Full).RootElement, JsonDocument.Parse(spec).RootElement), spec);
        Assert.AreEqual(JobDomain.NvlinkIsland, api.Mesh.Jobs.All.Single().Spec.RequiredDomain);
        (await api.PostAsync("/api/v1/jobs", spec)).AssertStatus(201);
        Assert.HasCount(2, api.Mesh.Jobs.All);
    }

    [TestMethod]
    public async Task Submit_SameKey_IsTheSameJobOrAConflict()
    {
        using var api = new ApiHost();
        var made = (await api.PostAsync("/api/v1/jobs", Small, ("Idempotency-Key", "k 1"))).AssertStatus(201);
        var id = JobIds.Of("default", "k 1");
        Assert.AreEqual(id, made.Json.GetProperty("id").GetString());
        var again = (await api.PostAsync("/api/v1/jobs", Small, ("Idempotency-Key", "k 1"))).AssertStatus(200);
        Assert.AreEqual((id, "\"1\""), (again.Json.GetProperty("id").GetString(), again.Etag));
        Assert.IsNull(again.Headers.Location);
        StringAssert.Contains((await api.PostAsync("/api/v1/jobs", Full.Replace("\"t1\"", "\"default\"", StringComparison.Ordinal), ("Idempotency-Key", "k 1"))).AssertProblem(409).Text, id);
        (await api.PostAsync("/api/v1/jobs", Full, ("Idempotency-Key", "k 1"))).AssertStatus(201);
        Assert.HasCount(2, api.Mesh.Jobs.All, "another tenant's key is another one");
    }

    [TestMethod]
    public async Task Submit_ClusterFailsOnce_IsRepeated()
    {
        using var api = new ApiHost();
        api.Mesh.Failures.Enqueue(new TimeoutException());
        (await api.PostAsync("/api/v1/jobs", Small)).AssertStatus(201);
        Assert.HasCount(1, api.Mesh.Jobs.All);
    }

    [TestMethod]
    public async Task Submit_WrongInput_NamesAllFieldsAtOnce()
    {
        using var api = new ApiHost();
        CollectionAssert.AreEqual(new[] { "command", "gpusPerWorker", "name", "workers" }, (await api.PostAsync("/api/v1/jobs", """{"workers":0,"gpusPerWorker":65}""")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(
            new[] { "Idempotency-Key", "environment.A", "gpuTypes.H100", "name" },
            (await api.PostAsync("/api/v1/jobs", """{"command":["x"],"environment":{"A":null},"gpuTypes":{"H100":null}}""", ("Idempotency-Key", new string('x', 256)))).AssertProblem(400).ErrorFields);
        Assert.IsEmpty(api.Mesh.Jobs.All);
    }

    [TestMethod]
    [DataRow("""{"nmae":"x"}""", "nmae")]
    [DataRow("""{"requiredDomain":"planet"}""", "requiredDomain")]
    [DataRow("""{"deadline":"soon"}""", "deadline")]
    [DataRow("""{"workers":"4"}""", "workers")]
    [DataRow("""{"parallelism":{"tensr":8}}""", "parallelism.tensr")]
    public async Task Submit_BadBody_NamesTheField(string body, string field)
    {
        using var api = new ApiHost();
        var answer = (await api.PostAsync("/api/v1/jobs", body)).AssertProblem(400);
        CollectionAssert.AreEqual(new[] { field }, answer.ErrorFields);
        Assert.DoesNotContain("System.", answer.Text);
    }

    [TestMethod]
    public async Task Submit_DryRun_SubmitsNothing()
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Preview = new("placed", "There is room.", Placement(), ["j-2"]);
        var preview = (await api.PostAsync("/api/v1/jobs?dryRun=true", Small)).AssertStatus(200).Json;
        Assert.AreEqual(("placed", "There is room.", "j-2"), (preview.GetProperty("verdict").GetString(), preview.GetProperty("reason").GetString(), preview.GetProperty("preempts")[0].GetString()));
        Assert.AreEqual(2, preview.GetProperty("placement").GetProperty("groups").GetArrayLength());
        CollectionAssert.AreEqual(new[] { "command", "name" }, (await api.PostAsync("/api/v1/jobs?dryRun=true", "{}")).AssertProblem(400).ErrorFields);
        Assert.IsEmpty(api.Mesh.Jobs.All);
    }

    [TestMethod]
    public async Task Get_PlacedJob_ShowsRanksHintAndWhy()
    {
        using var api = new ApiHost();
        var until = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        api.Mesh.Jobs.Put("j-1").Move(JobState.Running, "started", "All ranks run.", change: job => job with
        {
            Placement = Placement(),
            Fence = 3,
            StartedAt = until,
            Progress = new() { Step = 12, StepSeconds = 0.5, CheckpointStep = 10, CheckpointRef = "s3://c/10", Restarts = 1, GpuSeconds = 8 },
            Avoid = new Dictionary<string, DateTimeOffset> { ["n9"] = until },
            LostNodes = ["n2"],
            Stop = new(JobGoal.Place, Placement(), until, true, "smaller"),
        });
        var job = (await api.GetAsync("/api/v1/jobs/j-1")).AssertStatus(200).Json;
        var placement = job.GetProperty("placement");
        Assert.AreEqual((3, 4, 1.5, "near"), (placement.GetProperty("workers").GetInt32(), placement.GetProperty("ranks").GetInt32(), placement.GetProperty("ringNsPerByte").GetDouble(), placement.GetProperty("why").GetString()));
        CollectionAssert.AreEqual(new[] { 0, 3 }, placement.GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("firstRank").GetInt32()).ToArray());
        Assert.AreEqual(2, placement.GetProperty("crossEdges").GetProperty("nvlink_island").GetInt32());
        var hint = placement.GetProperty("hint");
        Assert.AreEqual(("Tree", "tree", 1024), (hint.GetProperty("environment").GetProperty("NCCL_ALGO").GetString(), hint.GetProperty("collectives")[0].GetProperty("algorithm").GetString(), hint.GetProperty("fusionBytes").GetInt32()));
        Assert.IsFalse(hint.TryGetProperty("topologyFile", out _));
        var progress = job.GetProperty("progress");
        Assert.AreEqual((12, 10, "s3://c/10", 1), (progress.GetProperty("step").GetInt32(), progress.GetProperty("checkpointStep").GetInt32(), progress.GetProperty("checkpointRef").GetString(), progress.GetProperty("restarts").GetInt32()));
        Assert.AreEqual(("place", true), (job.GetProperty("stop").GetProperty("goal").GetString(), job.GetProperty("stop").GetProperty("next").TryGetProperty("claim", out _)));
        Assert.AreEqual(("n2", "n9"), (job.GetProperty("lostNodes")[0].GetString(), job.GetProperty("avoid").EnumerateObject().Single().Name));
    }

    [TestMethod]
    public async Task Get_WithItsEtag_IsNotModifiedUntilSomethingHappens()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        Assert.AreEqual("\"1\"", (await api.GetAsync("/api/v1/jobs/j-1")).AssertStatus(200).Etag);
        (await api.GetAsync("/api/v1/jobs/j-1", ("If-None-Match", "\"1\""))).AssertStatus(304);
        (await api.GetAsync("/api/v1/jobs/j-1", ("If-None-Match", "junk"))).AssertProblem(400);
        job.Move(JobState.Running, "started");
        (await api.GetAsync("/api/v1/jobs/j-1", ("If-None-Match", "\"1\""))).AssertStatus(200);
    }

    [TestMethod]
    public async Task List_PagedByCursor_ShowsEveryJobOnceNewestFirst()
    {
        using var api = new ApiHost();
        for (var i = 0; i < 7; i++) api.Mesh.Jobs.Put($"j-{i}", spec => spec with { Environment = new Dictionary<string, string> { ["A"] = "B" } });
        api.Mesh.Jobs.Job("j-0").Move(JobState.Running, "started");
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await api.GetAsync($"/api/v1/jobs?limit=3{(cursor is null ? "" : "&cursor=" + cursor)}")).AssertStatus(200).Json;
            Assert.AreEqual(7, page.GetProperty("total").GetInt32());
            Assert.AreEqual((6, 1), (page.GetProperty("byState").GetProperty("queued").GetInt32(), page.GetProperty("byState").GetProperty("running").GetInt32()));
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(j => j.GetProperty("id").GetString()!));
            Assert.IsFalse(page.GetProperty("items")[0].GetProperty("spec").TryGetProperty("command", out _));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        CollectionAssert.AreEqual(Enumerable.Range(0, 7).Reverse().Select(i => $"j-{i}").ToList(), seen);
    }

    [TestMethod]
    public async Task List_Filters_ReachTheIndex()
    {
        using var api = new ApiHost();
        (await api.GetAsync("/api/v1/jobs?state=queued&state=running&state=queued&tenant=t&project=p&name=s*&node=n")).AssertStatus(200);
        var query = api.Mesh.Jobs.LastQuery!;
        CollectionAssert.AreEqual(new[] { JobState.Queued, JobState.Running }, query.States.ToArray());
        Assert.AreEqual(("t", "p", "s*", "n", "", 100), (query.Tenant, query.Project, query.Name, query.Node, query.After, query.Limit));
        CollectionAssert.AreEqual(new[] { "limit", "state", "stat" }.Order(StringComparer.Ordinal).ToArray(), (await api.GetAsync("/api/v1/jobs?limit=1001&state=fine&stat=x")).AssertProblem(400).ErrorFields);
        (await api.GetAsync("/api/v1/jobs?cursor=AAAA")).AssertProblem(400);
    }

    [TestMethod]
    public async Task Commands_OnAJob_DoWhatTheySay()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        await Sends("pause", """{"reason":"data"}""", "paused");
        Assert.AreEqual(("data", "local-admin (says ada)"), (job.Current!.Reason, job.LastActor));
        await Sends("resume", null, "queued");
        await Sends("scale", """{"workers":8}""", "queued");
        Assert.AreEqual(8, job.Current.DesiredWorkers);
        StringAssert.Contains((await api.PostAsync("/api/v1/jobs/j-1:checkpoint")).AssertProblem(409).Text, "It does not run.");
        job.Move(JobState.Running, "started");
        await Sends("checkpoint", null, "checkpointing");
        await Sends("pause", null, "paused");
        await Sends("cancel", """{"reason":"enough"}""", "cancelled");
        await Sends("cancel", null, "cancelled");
        (await api.PostAsync("/api/v1/jobs/j-1:pause")).AssertProblem(409);
        (await api.PostAsync("/api/v1/jobs/j-1:resume")).AssertProblem(409);

        async Task Sends(string verb, string? body, string state)
        {
            var answer = (await api.PostAsync($"/api/v1/jobs/j-1:{verb}", body, ("x-infermesh-actor", "ada"))).AssertStatus(200);
            Assert.AreEqual(state, answer.Json.GetProperty("state").GetString());
            Assert.AreEqual($"\"{job.Current!.Version}\"", answer.Etag);
        }
    }

    [TestMethod]
    public async Task Commands_BadInput_NamesTheField()
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Put("j-1");
        CollectionAssert.AreEqual(new[] { "workers" }, (await api.PostAsync("/api/v1/jobs/j-1:scale")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "workers" }, (await api.PostAsync("/api/v1/jobs/j-1:scale", """{"workers":9}""")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "reason" }, (await api.PostAsync("/api/v1/jobs/j-1:pause", """{"reason":"a\u001bb"}""")).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(new[] { "why" }, (await api.PostAsync("/api/v1/jobs/j-1:cancel", """{"why":"x"}""")).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    [DataRow("GET", "")]
    [DataRow("GET", "/events")]
    [DataRow("GET", "/explain")]
    [DataRow("POST", ":pause")]
    [DataRow("POST", ":resume")]
    [DataRow("POST", ":checkpoint")]
    [DataRow("POST", ":cancel")]
    [DataRow("POST", ":scale")]
    public async Task EveryRoute_OfNoJob_IsNotFound(string method, string rest)
    {
        using var api = new ApiHost();
        var body = rest == ":scale" ? """{"workers":1}""" : null;
        (await api.SendAsync(new(method), $"/api/v1/jobs/j-9{rest}", body)).AssertProblem(404);
        (await api.SendAsync(new(method), $"/api/v1/jobs/a%20b{rest}", body)).AssertProblem(404);
    }

    [TestMethod]
    public async Task Explain_WaitingJob_ShowsItsTurnAndOtherStrategies()
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Put("j-1");
        var bare = (await api.GetAsync("/api/v1/jobs/j-1/explain")).AssertStatus(200).Json;
        Assert.AreEqual(("queued", false), (bare.GetProperty("state").GetString(), bare.TryGetProperty("gpusNeeded", out _)), "the scheduler does not know it");
        api.Mesh.Jobs.Explanations["j-1"] = new()
        {
            Job = "j-1",
            Reason = "No room.",
            Position = 2,
            GpusNeeded = 8,
            GpusSuitable = 16,
            GpusFree = 4,
            TenantUsage = 0.25,
            Alternatives = new Dictionary<string, double> { ["spread"] = -1, ["pack"] = 2.5 },
        };
        var explanation = (await api.GetAsync("/api/v1/jobs/j-1/explain")).AssertStatus(200).Json;
        Assert.AreEqual((2, 8, 16, 4), (explanation.GetProperty("position").GetInt32(), explanation.GetProperty("gpusNeeded").GetInt32(), explanation.GetProperty("gpusSuitable").GetInt32(), explanation.GetProperty("gpusFree").GetInt32()));
        Assert.AreEqual("""[{"strategy":"pack","ringNsPerByte":2.5},{"strategy":"spread"}]""", explanation.GetProperty("alternatives").GetRawText());
        Assert.IsFalse(explanation.TryGetProperty("expectedStart", out _));
    }

    [TestMethod]
    public async Task Capacity_NodesAndTenants_LeavesOutWhatIsUnknown()
    {
        using var api = new ApiHost();
        var empty = (await api.GetAsync("/api/v1/capacity")).AssertStatus(200).Json;
        Assert.IsFalse(empty.TryGetProperty("plannedAt", out _), "nothing was planned yet");
        api.Mesh.Jobs.Current = new()
        {
            Nodes = [new() { Node = "n1", Cell = "c1", Gpus = 8, Training = 4, Serving = 2, Lent = 1, Free = 2, Jobs = ["j-1"] }],
            Tenants = [new("t", 4, null, 1, 0.5, 3)],
            PlannedAt = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            PlanMs = 1.5,
            Waiting = 3,
            ReservedFor = "j-2",
        };
        var capacity = (await api.GetAsync("/api/v1/capacity")).AssertStatus(200).Json;
        var node = capacity.GetProperty("nodes")[0];
        Assert.AreEqual((8, 4, 2, 1, 2), (node.GetProperty("gpus").GetInt32(), node.GetProperty("training").GetInt32(), node.GetProperty("serving").GetInt32(), node.GetProperty("lent").GetInt32(), node.GetProperty("free").GetInt32()));
        Assert.IsFalse(node.TryGetProperty("closed", out _) || node.TryGetProperty("gpuType", out _) || capacity.GetProperty("tenants")[0].TryGetProperty("maxGpus", out _));
        Assert.AreEqual((3, "j-2"), (capacity.GetProperty("waiting").GetInt32(), capacity.GetProperty("reservedFor").GetString()));
    }

    private static JobPlacement Placement() => new()
    {
        Fence = 3,
        Claim = "c-3",
        Groups = [new() { Node = "n1", Cell = "c1", Workers = 2, Gpus = ["G1", "G2", "G3"] }, new() { Node = "n2", Cell = "c1", Workers = 1, Gpus = ["G4"], Lent = true }],
        Strategy = "pack",
        CrossEdges = new Dictionary<JobDomain, int> { [JobDomain.NvlinkIsland] = 2 },
        RingNsPerByte = 1.5,
        Hint = new() { Revision = 1, Environment = new Dictionary<string, string> { ["NCCL_ALGO"] = "Tree" }, Collectives = [new(0, "tree")], FusionBytes = 1024 },
        Why = "near",
    };
}
