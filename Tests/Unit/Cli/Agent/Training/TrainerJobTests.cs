extern alias api;

using InferMesh.Cli.Agent;
using InferMesh.Cli.Agent.Config;
using InferMesh.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Kind = api::InferMesh.State.V1.JobReportKind;
using Wire = api::InferMesh.State.V1;

namespace InferMesh.Tests.Unit.Cli.Agent.Training;

/// <summary>A whole agent from its file that runs this program's own trainer.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class TrainerJobTests
{
    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task Agent_TrainerStoppedAndPlacedAgain_GoesOnFromItsCheckpoint()
    {
        await using var mesh = await StatePlaneServer.StartAsync();
        var folder = Directory.CreateTempSubdirectory("infermesh-trainer-job-");
        using var stop = new CancellationTokenSource();
        var config = AgentConfigReader.Read($"node: {{id: {folder.Name}, cell: a}}\ntarget: {mesh.Address}\ntraining: {{enabled: true, workDir: work}}", Path.Combine(folder.FullName, "agent.yaml"), [], out var errors);
        Assert.IsEmpty(errors, string.Join('\n', errors));
        var agent = AgentRun.RunAsync(config!, NullLogger.Instance, TimeProvider.System, stop.Token);
        var job = Job(folder);
        mesh.AssignJobs(job);
        await Eventually.HoldsAsync(() => Told(mesh, 1, Kind.Step).Any(), "it makes steps");
        mesh.AssignJobs(new Wire.JobAssignment(job) { Order = Wire.JobOrder.Stop, CheckpointFirst = true, GraceSeconds = 60 });
        await Eventually.HoldsAsync(() => Told(mesh, 1, Kind.Stopped).Any(), "it stops");
        var checkpoint = Told(mesh, 1, Kind.Checkpoint).Last();

        var next = new Wire.JobAssignment(job) { Fence = 2, ResumeFrom = checkpoint.CheckpointRef, ResumeStep = checkpoint.Step, MasterPort = ExternalProcess.FreePort() };
        next.Command[2] = $"{checkpoint.Step + 3}";
        mesh.AssignJobs(next);
        await Eventually.HoldsAsync(() => Told(mesh, 2, Kind.Finished).Any(), "it finishes");
        Assert.IsFalse(mesh.JobReports.Any(report => report.Kind == Kind.Failed), string.Join('\n', mesh.JobReports));
        Assert.AreEqual(checkpoint.Step + 3, Told(mesh, 2, Kind.Step).Last().Step, "the last step is told before the end");
        StringAssert.Contains(await File.ReadAllTextAsync(Path.Combine(folder.FullName, "work", "job-1", "rank-0.log")), $"begins after step {checkpoint.Step} of {checkpoint.Step + 3}, fence 2");

        await stop.CancelAsync();
        await agent;
        folder.Delete(recursive: true);
    }

    private static IEnumerable<Wire.ReportJobRequest> Told(StatePlaneServer mesh, long fence, Kind kind) => mesh.JobReports.Where(report => report.Fence == fence && report.Kind == kind);

    private static Wire.JobAssignment Job(DirectoryInfo folder) => new()
    {
        JobId = "job-1",
        Fence = 1,
        Order = Wire.JobOrder.Run,
        WorldSize = 2,
        MasterAddress = "127.0.0.1",
        MasterPort = ExternalProcess.FreePort(),
        Command = { "infermesh-trainer", "--steps", "1000000", "--step-ms", "5" },
        CheckpointTo = Path.Combine(folder.FullName, "checkpoints"),
        Ranks = { new Wire.JobRank { Rank = 0, LocalRank = 0 }, new Wire.JobRank { Rank = 1, LocalRank = 1 } },
        Peers = { new Wire.JobPeer { NodeId = folder.Name, Host = "127.0.0.1", FirstRank = 0, Ranks = 2 } },
    };
}
