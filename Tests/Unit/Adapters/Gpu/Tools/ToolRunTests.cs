using System.Diagnostics;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Tools;

[TestClass]
public sealed class ToolRunTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [TestMethod]
    public void Run_ToolThatEnds_GivesItsOutputErrorsAndCode()
    {
        using var tool = new FakeTool("tool", "echo out; echo err >&2; exit 3");
        var (output, failure) = ToolRun.Run(tool.ToolFile, [], Long, 1000);

        Assert.IsNull(failure);
        Assert.AreEqual((3, "out\n", "err\n"), (output!.ExitCode, output.Output, output.Errors));
        Assert.AreEqual("it ended with 3: err", output.Ending);
    }

    [TestMethod]
    public void Run_Arguments_ReachTheToolAsTheyAre()
    {
        using var tool = new FakeTool("tool", "printf '%s|' \"$@\"; cat");
        var (output, _) = ToolRun.Run(tool.ToolFile, ["a b", "$(touch x); `id`", "\"q\" 'q'"], Long, 1000);

        Assert.AreEqual("a b|$(touch x); `id`|\"q\" 'q'|", output!.Output); // and cat ended: there is no input to wait for
    }

    [TestMethod]
    public void Run_ToolThatHangs_IsKilledWithItsChildren()
    {
        using var tool = new FakeTool("tool", "sleep 300 & echo $! > $HERE/child; wait");
        var (output, failure) = ToolRun.Run(tool.ToolFile, [], TimeSpan.FromSeconds(4), 1000);

        Assert.IsNull(output);
        Assert.AreEqual(GpuSourceFailure.NoAnswer, failure!.Kind);
        StringAssert.Contains(failure.Reason, "did not end within 4 s");
        var child = int.Parse(tool.Read("child"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.IsTrue(SpinWait.SpinUntil(() => !Runs(child), TimeSpan.FromSeconds(30)));
    }

    [TestMethod]
    public void Run_ToolThatPrintsWithoutEnd_IsStopped()
    {
        using var tool = new FakeTool("tool", "while :; do echo 0123456789012345678901234567890123456789; done");
        var (output, failure) = ToolRun.Run(tool.ToolFile, [], Long, 10_000);

        Assert.IsNull(output);
        StringAssert.Contains(failure!.Reason, "more than 10000 bytes");
    }

    [TestMethod]
    public void Run_ManyErrors_DoNotBlockTheToolAndAreCut()
    {
        using var tool = new FakeTool("tool", "i=0; while [ $i -lt 4000 ]; do echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done; echo done");
        var (output, _) = ToolRun.Run(tool.ToolFile, [], Long, 1000);

        Assert.AreEqual("done\n", output!.Output);
        Assert.AreEqual(16 << 10, output.Errors.Length);
    }

    [TestMethod]
    public void Run_FileThatCannotBeRun_SaysWhy()
    {
        var file = Path.GetTempFileName();
        Assert.AreEqual(GpuSourceFailure.NoPermission, ToolRun.Run(file, [], Long, 1000).Failure!.Kind);
        File.Delete(file);
        Assert.AreEqual(GpuSourceFailure.ToolNotFound, ToolRun.Run(file, [], Long, 1000).Failure!.Kind);
    }

    [TestMethod]
    public void Find_BareName_IsSearchedInPathAndNeverInTheCurrentFolder()
    {
        Assert.IsNotNull(ToolPath.Find(null, "sh"));
        Assert.IsNull(ToolPath.Find(null, "no-such-tool-" + Guid.NewGuid()));
        Assert.IsNull(ToolPath.Find("/no/such/file", "sh"));
        var here = Directory.EnumerateFiles(Environment.CurrentDirectory).Select(Path.GetFileName).First(name => ToolPath.Find("./" + name, "sh") is not null)!;
        Assert.IsNull(ToolPath.Find(here, "sh"));
    }

    [TestMethod]
    [DataRow("20475 MiB", 20475d * 1048576)]
    [DataRow("0 MiB", 0d)]
    [DataRow("1GiB", 1073741824d)]
    [DataRow("196592 MB", 196592d * 1048576)]
    public void MeasuredText_Memory_IsInBytes(string text, double bytes) => Assert.AreEqual(bytes, MeasuredText.Read(text, MeasuredText.Memory));

    [TestMethod]
    public void MeasuredText_OtherQuantities_AreInTheirBaseUnits()
    {
        Assert.AreEqual(300, MeasuredText.Read("(300Mhz)", MeasuredText.Mhz));
        Assert.AreEqual(0.37, MeasuredText.Read("37 %", MeasuredText.Share)!.Value, 1e-12);
        Assert.AreEqual(830_000, MeasuredText.Read("830 KB/s", MeasuredText.BytesPerSecond));
        Assert.AreEqual(16.365, MeasuredText.Read("16365 mW", MeasuredText.Watts)!.Value, 1e-12);
        Assert.AreEqual(-7, MeasuredText.Read("-7 C", MeasuredText.Celsius));
    }

    [TestMethod]
    [DataRow("N/A")]
    [DataRow("")]
    [DataRow("()")]
    [DataRow("MiB")]
    [DataRow("12 W")]
    [DataRow("1.2.3 MiB")]
    [DataRow("1e5 MiB")]
    [DataRow("Infinity")]
    [DataRow("12")] // of memory, a number without a unit could be anything
    public void MeasuredText_NoSuchQuantity_IsNull(string text) => Assert.IsNull(MeasuredText.Read(text, MeasuredText.Memory));

    private static bool Runs(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
