using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class ProcessLogTests : IDisposable
{
    private readonly StringWriter _file = new() { NewLine = "\n" };
    private readonly StringWriter _console = new() { NewLine = "\n" };

    public void Dispose()
    {
        _file.Dispose();
        _console.Dispose();
    }

    private ProcessLog Log(bool verbose = false, string? readyLine = null) => new("silo-0", _file, _console, verbose, readyLine);

    [TestMethod]
    public void Write_WarningOverTwoLines_IsShownWholeAndNothingElse()
    {
        using var log = Log();
        foreach (var line in (string[])["info: Started[0]", "      all well", "warn: Disk[3]", "      nearly full", "info: Ended[0]"]) log.Write(line);

        Assert.AreEqual("[silo-0] warn: Disk[3]\n[silo-0]       nearly full\n", _console.ToString());
        Assert.HasCount(5, _file.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    [DataRow("fail: A[0]")]
    [DataRow("crit: A[0]")]
    [DataRow("Unhandled exception. System.Exception: boom")]
    [DataRow("2030-01-01 10:00:00.000 UTC [7] FATAL:  database files are incompatible with server")]
    public void Write_Alert_IsShown(string line)
    {
        using var log = Log();
        log.Write(line);

        Assert.AreEqual($"[silo-0] {line}\n", _console.ToString());
    }

    [TestMethod]
    public void Write_Verbose_ShowsAll()
    {
        using var log = Log(verbose: true);
        log.Write("info: A[0]");

        Assert.AreEqual("[silo-0] info: A[0]\n", _console.ToString());
    }

    [TestMethod]
    public void ReadyLineSeen_NewRun_IsForgotten()
    {
        using var log = Log(readyLine: "fleet ready");
        log.Write("fleet ready: 8 nodes");
        Assert.IsTrue(log.ReadyLineSeen);

        log.BeginRun();
        Assert.IsFalse(log.ReadyLineSeen);
        Assert.IsEmpty(log.Tail);
    }

    [TestMethod]
    public void Tail_ManyLines_KeepsTheLast()
    {
        using var log = Log();
        for (var i = 0; i < 100; i++) log.Write($"line {i}");

        Assert.HasCount(12, log.Tail);
        Assert.AreEqual("line 99", log.Tail[^1]);
    }

    [TestMethod]
    public void Open_FileOfAnEarlierRun_IsEmptied()
    {
        using var directory = new TestDirectory();
        File.WriteAllText(directory.File("silo-0.log"), "old");

        using (var log = ProcessLog.Open(directory.Path, new("silo-0", "x", []), _console, verbose: false)) log.Write("new");

        Assert.AreEqual("new", File.ReadAllText(directory.File("silo-0.log")).Trim());
    }
}
