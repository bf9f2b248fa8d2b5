using System.Diagnostics;
using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class PidFilesTests
{
    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(60);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task StopLeftovers_ProcessOfAnEarlierRun_IsEnded()
    {
        using var directory = new TestDirectory();
        using var left = Process.Start("sleep", "600");
        new PidFiles(directory.Path).Write("redis", left.Id);

        var stopped = await new PidFiles(directory.Path).StopLeftoversAsync(Patient);

        Assert.AreEqual("redis", Assert.ContainsSingle(stopped));
        await left.WaitForExitAsync(TestContext.CancellationToken).WaitAsync(Patient, TestContext.CancellationToken);
        Assert.IsEmpty(Directory.GetFiles(directory.Path));
    }

    [TestMethod]
    public async Task StopLeftovers_ProcessIgnoresTheSignal_IsKilled()
    {
        using var directory = new TestDirectory();
        using var left = Process.Start(new ProcessStartInfo("sh", ["-c", "trap '' TERM; echo; while :; do sleep 600; done"]) { RedirectStandardOutput = true })!;
        await left.StandardOutput.ReadLineAsync(TestContext.CancellationToken);
        new PidFiles(directory.Path).Write("redis", left.Id);

        await new PidFiles(directory.Path).StopLeftoversAsync(TimeSpan.FromMilliseconds(200));

        await left.WaitForExitAsync(TestContext.CancellationToken).WaitAsync(Patient, TestContext.CancellationToken);
    }

    [TestMethod]
    public async Task StopLeftovers_PidNowOfAnotherProcess_IsLeftAlone()
    {
        using var directory = new TestDirectory();
        using var stranger = Process.Start("sleep", "600");
        await File.WriteAllLinesAsync(directory.File("redis.pid"), [$"{stranger.Id}", "another-boot:1"], TestContext.CancellationToken);

        var stopped = await new PidFiles(directory.Path).StopLeftoversAsync(Patient);

        Assert.IsEmpty(stopped);
        Assert.IsFalse(stranger.HasExited);
        Assert.IsEmpty(Directory.GetFiles(directory.Path));
        stranger.Kill();
    }

    [TestMethod]
    public async Task StopLeftovers_UnreadableFile_IsRemoved()
    {
        using var directory = new TestDirectory();
        await File.WriteAllTextAsync(directory.File("redis.pid"), "", TestContext.CancellationToken);

        Assert.IsEmpty(await new PidFiles(directory.Path).StopLeftoversAsync(Patient));
        Assert.IsEmpty(Directory.GetFiles(directory.Path));
    }

    [TestMethod]
    public void Write_ProcessThatIsGone_LeavesNoFile()
    {
        using var directory = new TestDirectory();
        new PidFiles(directory.Path).Write("redis", int.MaxValue);

        Assert.IsEmpty(Directory.GetFiles(directory.Path));
    }
}
