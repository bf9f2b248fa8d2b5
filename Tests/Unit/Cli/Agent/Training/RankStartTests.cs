extern alias api;

using System.Text.Json;
using Kind = api::InferMesh.State.V1.JobReportKind;
using Wire = api::InferMesh.State.V1;

namespace InferMesh.Tests.Unit.Cli.Agent.Training;

[TestClass, DoNotParallelize]
[OSCondition(OperatingSystems.Linux)]
public sealed class RankStartTests
{
    private const int Limit = 60_000;
    private const string Secret = "INFERMESH_TEST_SECRET";

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_Environment_IsTheJobsAndTheRanksAndNothingOfTheAgents()
    {
        Environment.SetEnvironmentVariable(Secret, "x");
        await using var jobs = await JobsUnderTest.StartAsync();
        var job = jobs.Job("env > env-$RANK; ps -o sid= -p $$ > sid-$RANK", ranks: 2);
        job.WorldSize = 4;
        foreach (var rank in job.Ranks) rank.Rank += 2;
        job.Peers.Insert(0, new Wire.JobPeer { NodeId = "other", Host = "10.0.0.1", FirstRank = 0, Ranks = 2 });
        job.Peers[1].FirstRank = 2;
        job.Environment.Add(new Dictionary<string, string> { ["NCCL_ALGO"] = "Ring", ["RANK"] = "77", ["LR"] = "0.1" });
        (job.CheckpointTo, job.ResumeFrom, job.ResumeStep, job.Dataset, job.Image, job.HintRevision) = ("/ckpt", "/ckpt/5", 5, "s3://data", "img:1", 3);
        jobs.Mesh.AssignJobs(job);
        await jobs.ToldAsync(Kind.Finished);

        var folder = Path.Combine(jobs.WorkDir, "job-1");
        var variables = (await File.ReadAllLinesAsync(Path.Combine(folder, "env-3"))).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        foreach (var (name, value) in new[]
        {
            ("RANK", "3"), ("WORLD_SIZE", "4"), ("LOCAL_RANK", "1"), ("LOCAL_WORLD_SIZE", "2"), ("GROUP_RANK", "1"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", "29500"),
            ("CUDA_VISIBLE_DEVICES", "GPU-1"), ("INFERMESH_JOB_ID", "job-1"), ("INFERMESH_FENCE", "1"), ("INFERMESH_RESUME_FROM", "/ckpt/5"), ("INFERMESH_RESUME_STEP", "5"),
            ("INFERMESH_CHECKPOINT_TO", "/ckpt"), ("INFERMESH_DATASET", "s3://data"), ("INFERMESH_IMAGE", "img:1"), ("NCCL_ALGO", "Ring"), ("LR", "0.1"), ("INFERMESH_NODE_ID", jobs.Node),
        })
            Assert.AreEqual(value, variables.GetValueOrDefault(name), name);
        Assert.IsFalse(variables.ContainsKey(Secret));
        using var table = JsonDocument.Parse(await File.ReadAllTextAsync(variables["INFERMESH_RANK_TABLE"]));
        Assert.AreEqual(
            "0 other 10.0.0.1 -,1 other 10.0.0.1 -,2 {me} 127.0.0.1 GPU-0,3 {me} 127.0.0.1 GPU-1".Replace("{me}", jobs.Node, StringComparison.Ordinal),
            string.Join(',', table.RootElement.GetProperty("ranks").EnumerateArray().Select(rank =>
                $"{rank.GetProperty("rank")} {rank.GetProperty("node")} {rank.GetProperty("host")} {(rank.TryGetProperty("gpu", out var gpu) ? gpu : "-")}")));
        Assert.AreEqual(3, table.RootElement.GetProperty("hintRevision").GetInt32());
        Assert.AreNotEqual((await File.ReadAllTextAsync(Path.Combine(folder, "sid-2"))).Trim(), (await File.ReadAllTextAsync(Path.Combine(folder, "sid-3"))).Trim(), "a session each");
        if (!OperatingSystem.IsWindows()) Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_HintChanges_RankTableIsWrittenAgain()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        var job = jobs.Job("while :; do sleep 0.02; done");
        jobs.Mesh.AssignJobs(job);
        await jobs.ToldAsync(Kind.Started);
        jobs.Mesh.AssignJobs(new Wire.JobAssignment(job) { HintRevision = 1, Environment = { { "NCCL_ALGO", "Tree" } } });
        var file = Path.Combine(jobs.WorkDir, "job-1", $"ranks-{jobs.Node}.json");
        await Eventually.HoldsAsync(() => File.ReadAllText(file).Contains("\"NCCL_ALGO\": \"Tree\"", StringComparison.Ordinal), "the ranks can see it");
        Assert.AreEqual("Started:1", jobs.Story);
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_LongLineWithoutEnd_IsCutAndDoesNotStopTheRank()
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last; exit 9"));
        await jobs.ToldAsync(Kind.Failed);
        StringAssert.EndsWith(jobs.Report(Kind.Failed).Error, "exit code 9: last");
        Assert.IsTrue(new FileInfo(Path.Combine(jobs.WorkDir, "job-1", "rank-0.log")).Length is > 3_000_000 and < 3_100_000);
    }
}
