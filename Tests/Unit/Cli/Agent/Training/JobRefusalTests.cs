extern alias api;

using Kind = api::InferMesh.State.V1.JobReportKind;
using Wire = api::InferMesh.State.V1;

namespace InferMesh.Tests.Unit.Cli.Agent.Training;

[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class JobRefusalTests
{
    private const int Limit = 60_000;

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_ProgramNotAllowed_IsFailedWithItsNameAndTheKey()
    {
        var error = await RefusedAsync(job => job.Command[0] = "/bin/sh");
        Assert.AreEqual("the program '/bin/sh' is not allowed on this node: training.commands of its agent does not name it", error);
    }

    [TestMethod]
    [DataRow("LD_PRELOAD")]
    [DataRow("DOTNET_STARTUP_HOOKS")]
    [DataRow("PATH")]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_VariableThatLoadsCode_IsFailedWithItsName(string name) =>
        StringAssert.Contains(await RefusedAsync(job => job.Environment[name] = "/tmp/x"), $"the variable {name} decides which code programs load");

    [TestMethod]
    [DataRow("../up")]
    [DataRow("a/b")]
    [DataRow("..")]
    [DataRow("")]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_IdThatIsNoFolderName_IsFailedAndWritesNothing(string id)
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        jobs.Mesh.AssignJobs(jobs.Job("exit 0", id: id));
        await jobs.ToldAsync(Kind.Failed);

        StringAssert.Contains(jobs.Report(Kind.Failed).Error, "the job's id must be");
        Assert.IsEmpty(Directory.GetFileSystemEntries(jobs.WorkDir));
    }

    [TestMethod]
    [Timeout(Limit, CooperativeCancellation = true)]
    public async Task Run_NoRanksOrCommand_IsFailed()
    {
        StringAssert.Contains(await RefusedAsync(job => job.Ranks.Clear()), "0 ranks");
        StringAssert.Contains(await RefusedAsync(job => job.Command.Clear()), "names no program");
        StringAssert.Contains(await RefusedAsync(job => job.WorldSize = 0), "not different ones of 0");
        StringAssert.Contains(await RefusedAsync(job => job.Command.Add("a\0b")), "the character 0");
    }

    private static async Task<string> RefusedAsync(Action<Wire.JobAssignment> change)
    {
        await using var jobs = await JobsUnderTest.StartAsync();
        var job = jobs.Job("exit 0");
        change(job);
        jobs.Mesh.AssignJobs(job);
        await jobs.ToldAsync(Kind.Failed);
        Assert.AreEqual("Failed:1", jobs.Story);
        Assert.IsFalse(jobs.Report(Kind.Failed).HasExitCode, "nothing has run");
        return jobs.Report(Kind.Failed).Error;
    }
}
