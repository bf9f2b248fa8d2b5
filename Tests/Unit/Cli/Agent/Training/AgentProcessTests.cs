extern alias api;

using System.Diagnostics;
using System.Globalization;
using InferMesh.Cli.Agent.Training;
using InferMesh.Tests.Shared;
using Wire = api::InferMesh.State.V1;

namespace InferMesh.Tests.Unit.Cli.Agent.Training;

/// <summary>The agent as a process of its own, and what becomes of its ranks when it ends.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class AgentProcessTests
{
    private const int Limit = 120_000;

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Agent_Killed_ItsRanksEndWithIt()
    {
        if (ExternalProcess.Find("setpriv") is null) Assert.Inconclusive("setpriv is not on PATH (Debian: apt-get install util-linux)");
        await using var running = await Running.StartAsync("echo $$ > pid; while :; do sleep 0.02; done");
        running.Agent.Kill();
        await running.Agent.WaitForExitAsync();
        await Eventually.HoldsAsync(() => !JobsUnderTest.Runs(running.Rank), "the rank ends");
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Agent_Terminated_ItsRanksAreAskedToEndAndTheAgentEndsWell()
    {
        await using var running = await Running.StartAsync("trap 'echo asked > asked; exit 0' TERM; echo $$ > pid; while :; do sleep 0.02; done");
        ProcessGroup.SendOne(running.Agent.Id, GroupSignal.Terminate);
        await running.Agent.WaitForExitAsync();

        Assert.IsFalse(JobsUnderTest.Runs(running.Rank));
        Assert.IsTrue(File.Exists(Path.Combine(running.JobFolder, "asked")));
        Assert.AreEqual(0, running.Agent.ExitCode);
        Assert.IsFalse(running.Mesh.JobReports.Any(report => report.Kind != Wire.JobReportKind.Started));
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("infermesh-agent-");

        public required StatePlaneServer Mesh { get; init; }

        public Process Agent { get; private set; } = null!;

        public int Rank { get; private set; }

        public string JobFolder => Path.Combine(_folder.FullName, "work", "job-1");

        public static async Task<Running> StartAsync(string script)
        {
            var running = new Running { Mesh = await StatePlaneServer.StartAsync() };
            var (folder, file) = (running._folder, Path.Combine(running._folder.FullName, "agent.yaml"));
            await File.WriteAllTextAsync(file, $"node: {{id: {folder.Name}, cell: a}}\ntarget: {running.Mesh.Address}\ntraining: {{enabled: true, workDir: work, commands: [sh]}}\n");
            running.Mesh.AssignJobs(new Wire.JobAssignment { JobId = "job-1", Fence = 1, Order = Wire.JobOrder.Run, WorldSize = 1, Command = { "sh", "-c", script }, Ranks = { new Wire.JobRank() } });
            running.Agent = ExternalProcess.Start(TrainerProgram.Find().File, "agent", "--config", file);
            var pid = Path.Combine(running.JobFolder, "pid");
            await Eventually.HoldsAsync(() => File.Exists(pid) && File.ReadAllText(pid).EndsWith('\n'), "the rank runs");
            running.Rank = int.Parse(await File.ReadAllTextAsync(pid), CultureInfo.InvariantCulture);
            Assert.IsTrue(JobsUnderTest.Runs(running.Rank));
            return running;
        }

        public async ValueTask DisposeAsync()
        {
            if (!Agent.HasExited) Agent.Kill();
            await Agent.WaitForExitAsync();
            Agent.Dispose();
            if (JobsUnderTest.Runs(Rank)) ProcessGroup.Send(Rank, GroupSignal.Kill);
            await Mesh.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }
}
