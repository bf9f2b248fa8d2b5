using System.Text.Json;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Cli;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Tests.Unit.Api;

namespace InferMesh.Tests.Unit.Cli.Operator;

[TestClass]
public sealed class JobCommandTests
{
    private const string Key = "key-of-sixteen-characters";

    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-job-").FullName;

    [TestCleanup]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public async Task Submit_Options_MakeTheJob()
    {
        using var api = new ApiHost();
        var (code, output, error) = await RunAsync(
            api, "job", "submit", "--name", "sft", "--workers", "2", "--gpus", "8", "--env", "A=b=c", "--gpu-type", "H100", "--gpu-type", "A100=0.5", "--preferred-domain", "nvlink_island", "--token", "k", "--", "python", "train.py", "--epochs", "3");
        Assert.AreEqual(0, code, error);
        var job = api.Mesh.Jobs.All.Single();
        Assert.AreEqual((JobIds.Of("default", "k"), 2, 8, JobDomain.NvlinkIsland), (job.Id, job.Spec.Workers, job.Spec.GpusPerWorker, job.Spec.PreferredDomain));
        CollectionAssert.AreEqual(new[] { "python", "train.py", "--epochs", "3" }, job.Spec.Command.ToArray());
        Assert.AreEqual(("b=c", 1.0, 0.5), (job.Spec.Environment["A"], job.Spec.GpuTypes["H100"], job.Spec.GpuTypes["A100"]));
        Assert.AreEqual($"{job.Id}  queued", output.Trim());
    }

    [TestMethod]
    [DataRow("job.yaml", "name: sft\nworkers: 2\npreemptible: false\nparallelism: {tensor: 8}\nbudgetGpuHours: 0.5\nproject: '7'\ncommand: [train, 3]\nenvironment:\n  EPOCHS: 3\n  DEBUG: true\n")]
    [DataRow("job.json", """{"name":"sft","workers":2,"preemptible":false,"parallelism":{"tensor":8},"budgetGpuHours":0.5,"project":"7","command":["train","3"],"environment":{"EPOCHS":"3","DEBUG":"true"}}""")]
    public async Task Submit_FileAndOptions_OptionsWin(string name, string text)
    {
        using var api = new ApiHost();
        var (code, output, error) = await RunAsync(api, "job", "submit", "--file", await FileAsync(name, text), "--workers", "4", "--env", "DEBUG=false", "-o", "json");
        Assert.AreEqual(0, code, error);
        var spec = api.Mesh.Jobs.All.Single().Spec;
        Assert.AreEqual((4, false, 8, 0.5, "7"), (spec.Workers, spec.Preemptible, spec.Parallelism.Tensor, spec.BudgetGpuHours, spec.Project));
        CollectionAssert.AreEqual(new[] { "train", "3" }, spec.Command.ToArray());
        Assert.AreEqual(("3", "false"), (spec.Environment["EPOCHS"], spec.Environment["DEBUG"]));
        Assert.AreEqual("queued", JsonDocument.Parse(output).RootElement.GetProperty("state").GetString());
    }

    [TestMethod]
    public async Task Submit_DryRun_ShowsThePlace()
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Preview = new("placed", "room", Placement(), ["j-2"]);
        var (code, output, error) = await RunAsync(api, "job", "submit", "--dry-run", "--name", "sft", "--", "train");
        Assert.AreEqual(0, code, error);
        StringAssert.Matches(output, new(@"^verdict +placed \(room\)$", System.Text.RegularExpressions.RegexOptions.Multiline));
        StringAssert.Matches(output, new(@"^n1 +c1 +2 +0-2 +G1,G2,G3$", System.Text.RegularExpressions.RegexOptions.Multiline));
        Assert.IsEmpty(api.Mesh.Jobs.All);
    }

    [TestMethod]
    public async Task Submit_WrongFields_AreAllNamedInOneLine()
    {
        using var api = new ApiHost();
        var (code, _, error) = await RunAsync(api, "job", "submit", "--workers", "0");
        Assert.AreEqual(1, code);
        foreach (var field in new[] { "name", "command", "workers" }) Assert.Contains(field, error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public async Task Changes_WhereKeysAreNeeded_TakeTheFile()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Key));
        var job = api.Mesh.Jobs.Put("j-1");
        var (code, _, error) = await RunAsync(api, "job", "pause", "j-1");
        Assert.AreEqual(1, code);
        Assert.Contains("not signed in", error);
        (code, _, error) = await RunAsync(api, "job", "pause", "j-1", "--key-file", await FileAsync("key", Key + "\n"));
        Assert.AreEqual((0, JobState.Paused), (code, job.Current!.State), error);
    }

    [TestMethod]
    public async Task Steering_EachCommand_AnswersWithTheState()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        Assert.AreEqual("j-1  paused (new data)", await SendAsync("pause", "j-1", "--reason", "new data"));
        Assert.AreEqual("j-1  queued", await SendAsync("resume", "j-1"));
        Assert.AreEqual("j-1  queued", await SendAsync("scale", "j-1", "8"));
        Assert.AreEqual(8, job.Current!.DesiredWorkers);
        job.Move(JobState.Running, "started");
        Assert.AreEqual("j-1  checkpointing", await SendAsync("checkpoint", "j-1"));
        Assert.AreEqual("j-1  cancelled (enough)", await SendAsync("cancel", "j-1", "--reason", "enough"));
        var (code, _, error) = await RunAsync(api, "job", "resume", "j-1");
        Assert.AreEqual((1, "infermesh: It is not paused."), (code, error.Trim()));
        (code, _, error) = await RunAsync(api, "job", "cancel", "j-9");
        Assert.AreEqual(1, code);
        Assert.Contains("j-9", error);

        async Task<string> SendAsync(params string[] args)
        {
            var (status, output, wrong) = await RunAsync(api, ["job", .. args]);
            Assert.AreEqual(0, status, wrong);
            return output.Trim();
        }
    }

    [TestMethod]
    public async Task List_ManyJobs_IsAnAlignedTable()
    {
        using var api = new ApiHost();
        for (var i = 0; i < 3; i++) api.Mesh.Jobs.Put($"j-{i}");
        api.Mesh.Jobs.Job("j-1").Move(JobState.Running, "started", "runs\u001b[31m", change: job => job with { Placement = Placement(), Progress = new() { Step = 12 } });
        var (code, output, error) = await RunAsync(api, "job", "list");
        Assert.AreEqual(0, code, error);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(4, lines);
        StringAssert.StartsWith(lines[0], "ID   NAME  TENANT   STATE    WORKERS  GPUS  PRIORITY  STEP");
        StringAssert.StartsWith(lines[1], "j-2  sft   default  queued   1        -     100       -");
        StringAssert.StartsWith(lines[2], "j-1  sft   default  running  1        4     100       12");
        Assert.DoesNotContain('\u001b', output);

        (_, output, error) = await RunAsync(api, "job", "list", "--limit", "2");
        Assert.HasCount(3, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.AreEqual("... 2 of 3; --limit shows more, --all shows all", error.Trim());
        (_, output, _) = await RunAsync(api, "job", "list", "--state", "running", "--tenant", "default", "-o", "json");
        Assert.AreEqual("j-1", JsonDocument.Parse(output).RootElement.GetProperty("id").GetString());
    }

    [TestMethod]
    public async Task Get_And_Explain_ShowTheJob()
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Put("j-1").Move(JobState.Running, "started", change: job => job with { Placement = Placement(), Progress = new() { Step = 12, StepSeconds = 0.5, CheckpointStep = 10, CheckpointRef = "s3://c" } });
        var (_, output, _) = await RunAsync(api, "job", "get", "j-1");
        foreach (var line in new[] { @"^state +running", @"^step +12, 0\.5 s each", @"^checkpoint +10 at s3://c", @"^placed +pack: near", @"^n2 +c1 +1 +3-3 +G4" })
            StringAssert.Matches(output, new(line, System.Text.RegularExpressions.RegexOptions.Multiline));

        api.Mesh.Jobs.Explanations["j-1"] = new() { Job = "j-1", Reason = "no room", Position = 2, GpusNeeded = 8, GpusSuitable = 16, GpusFree = 4, Alternatives = new Dictionary<string, double> { ["pack"] = 2.5, ["spread"] = -1 } };
        (_, output, _) = await RunAsync(api, "job", "explain", "j-1");
        foreach (var line in new[] { @"^why +no room", @"^jobs before it +2", @"^GPUs +8 needed, 16 suitable, 4 of them free", @"^with +pack: 2\.5 ns per byte", @"^with +spread: no place" })
            StringAssert.Matches(output, new(line, System.Text.RegularExpressions.RegexOptions.Multiline));
        (_, output, _) = await RunAsync(api, "job", "get", "j-1", "-o", "json");
        Assert.AreEqual("j-1", JsonDocument.Parse(output).RootElement.GetProperty("id").GetString());
    }

    [TestMethod]
    public async Task Events_OfAJob_AreShownAfterACursor()
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        job.Move(JobState.Failed, "rank_failed", "exit 1\u001b[31m", data: ("rank", "3"));
        var (code, output, error) = await RunAsync(api, "job", "events", "j-1", "--after", "1");
        Assert.AreEqual(0, code, error);
        StringAssert.Matches(output, new("^ +2  0001-01-01 00:00:00  failed +rank_failed  \"exit 1 \\[31m\"  rank=3"));
        Assert.DoesNotContain('\u001b', output);
        (_, output, _) = await RunAsync(api, "job", "events", "j-1", "--follow", "-o", "json");
        Assert.HasCount(2, output.Split('\n', StringSplitOptions.RemoveEmptyEntries), "it ends with the job");
    }

    [TestMethod]
    [DataRow(JobState.Completed, 0)]
    [DataRow(JobState.Failed, 1)]
    [DataRow(JobState.Cancelled, 1)]
    public async Task Watch_Job_EndsWithItAndSaysHow(JobState end, int expected)
    {
        using var api = new ApiHost();
        var job = api.Mesh.Jobs.Put("j-1");
        var output = new StringWriter();
        var running = InferMeshCommand.RunAsync(["job", "watch", "j-1", "--api", api.Http.BaseAddress!.ToString()], TextWriter.Synchronized(output), TextWriter.Null);
        await Eventually.HoldsAsync(() => Text(output).Contains("submitted", StringComparison.Ordinal), "the first event");
        job.Move(JobState.Running, "started");
        await Eventually.HoldsAsync(() => Text(output).Contains("started", StringComparison.Ordinal), "what comes later");
        job.Move(end, "ended", "done");
        Assert.AreEqual(expected, await running.WaitAsync(TimeSpan.FromSeconds(30)));
        StringAssert.EndsWith(output.ToString().TrimEnd(), $"j-1  {JobWords.Of(end)} (done)");
    }

    [TestMethod]
    public async Task Watch_Stopped_IsNoSuccess()
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Put("j-1");
        var output = new StringWriter();
        using var stop = new CancellationTokenSource();
        var running = InferMeshCommand.RunAsync(InferMeshCommand.Create(), ["job", "watch", "j-1", "--api", api.Http.BaseAddress!.ToString()], TextWriter.Synchronized(output), TextWriter.Null, stop.Token);
        await Eventually.HoldsAsync(() => Text(output).Contains("submitted", StringComparison.Ordinal), "the first event");
        await stop.CancelAsync();
        Assert.AreEqual(1, await running.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [TestMethod]
    public async Task Capacity_NodesAndTenants_AreTables()
    {
        using var api = new ApiHost();
        api.Mesh.Jobs.Current = new()
        {
            Nodes = [new() { Node = "n1", Cell = "c1", GpuType = "H100", Gpus = 8, Training = 4, Free = 4, Jobs = ["j-1", "j-2"], LinkBytesPerSecond = 5e10, LinkClaimedBytesPerSecond = 2.1e9 }],
            Tenants = [new("t", 4, null, 1, 0.5, 3)],
            PlannedAt = DateTimeOffset.UnixEpoch.AddDays(1),
            PlanMs = 1.5,
            Waiting = 3,
            ReservedFor = "j-3",
        };
        var (code, output, error) = await RunAsync(api, "capacity");
        Assert.AreEqual(0, code, error);
        foreach (var line in new[] { @"^n1 +c1 +H100 +8 +4 +4 +0 +0 +2\.1/50 +j-1,j-2", @"^t +4 +- +1 +0\.5 +3", @"^3 waiting; planned 1970-01-02 00:00:00 in 1\.5 ms; room is kept for j-3" })
            StringAssert.Matches(output, new(line, System.Text.RegularExpressions.RegexOptions.Multiline));
        (_, output, _) = await RunAsync(api, "capacity", "-o", "json");
        Assert.AreEqual(3, JsonDocument.Parse(output).RootElement.GetProperty("waiting").GetInt32());
    }

    [TestMethod]
    [DataRow("job list --limit 0", "--limit", 2)]
    [DataRow("job list --output xml", "--output", 2)]
    [DataRow("job list --api nowhere", "--api", 2)]
    [DataRow("job list --api http://127.0.0.1:1", "--api", 1)]
    [DataRow("job watch j-1 --api http://127.0.0.1:1", "--api", 1)]
    [DataRow("job get", "get", 2)]
    [DataRow("job scale j-1 many", "many", 2)]
    [DataRow("job events j-1 --after -1", "--after", 2)]
    [DataRow("job submit --file nowhere.yaml", "--file", 2)]
    [DataRow("job submit --env A", "--env", 2)]
    [DataRow("job submit --gpu-type H100=fast", "--gpu-type", 2)]
    [DataRow("job pause j-1 --key-file nowhere.key", "--key-file", 2)]
    public async Task Jobs_Wrong_IsOneLine(string commandLine, string named, int expected)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await InferMeshCommand.RunAsync(commandLine.Split(' '), output, error).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.AreEqual((expected, ""), (code, output.ToString()), error.ToString());
        Assert.Contains(named, error.ToString());
        Assert.HasCount(1, error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    [DataRow("job.yaml", "- a list")]
    [DataRow("job.yaml", "name: [")]
    [DataRow("job.yaml", "")]
    [DataRow("job.json", "{")]
    [DataRow("job.json", "[]")]
    public async Task Submit_BrokenFile_IsAWrongCommandLine(string name, string text)
    {
        using var api = new ApiHost();
        var (code, _, error) = await RunAsync(api, "job", "submit", "--file", await FileAsync(name, text));
        Assert.AreEqual(2, code, error);
        Assert.Contains(name, error);
    }

    private static JobPlacement Placement() => new()
    {
        Fence = 1,
        Claim = "c-1",
        Groups = [new() { Node = "n1", Cell = "c1", Workers = 2, Gpus = ["G1", "G2", "G3"] }, new() { Node = "n2", Cell = "c1", Workers = 1, Gpus = ["G4"] }],
        Strategy = "pack",
        Why = "near",
    };

    private async Task<string> FileAsync(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    // The writer is another thread's.
    private static string Text(StringWriter writer)
    {
        try
        {
            return writer.ToString();
        }
        catch (ArgumentException)
        {
            return "";
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(ApiHost api, params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] where = ["--api", api.Http.BaseAddress!.ToString()];
        var at = Array.IndexOf(args, "--") is >= 0 and var dashes ? dashes : args.Length;
        var code = await InferMeshCommand.RunAsync([.. args[..at], .. where, .. args[at..]], output, error).WaitAsync(TimeSpan.FromSeconds(60));
        return (code, output.ToString(), error.ToString());
    }
}
