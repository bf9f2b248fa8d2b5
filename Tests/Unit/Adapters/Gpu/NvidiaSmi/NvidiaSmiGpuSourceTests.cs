using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.NvidiaSmi;
using InferMesh.Tests.Unit.Adapters.Gpu.Tools;

namespace InferMesh.Tests.Unit.Adapters.Gpu.NvidiaSmi;

[TestClass]
public sealed class NvidiaSmiGpuSourceTests
{
    private const string Document = "<nvidia_smi_log><gpu id=\"0\"><uuid>GPU-a</uuid></gpu><gpu id=\"1\"><uuid>GPU-b</uuid></gpu></nvidia_smi_log>";

    [TestMethod]
    [DataRow(0)]
    [DataRow(14)] // a damaged infoROM, after a whole document
    public void Read_WholeDocument_IsASnapshotWhateverTheCode(int code)
    {
        using var tool = new FakeTool("nvidia-smi", $"echo \"$@\" > $HERE/arguments; cat $HERE/out; exit {code}", ("out", Document));
        using var source = Source(tool);
        var readings = Nvml.NvmlGpuSourceTests.Snapshot(source.Read()).Readings;

        CollectionAssert.AreEqual(new[] { "GPU-a", "GPU-b" }, readings.Select(reading => reading.Uuid).ToArray());
        Assert.AreEqual("-q -x\n", tool.Read("arguments"));
    }

    [TestMethod]
    [DataRow("echo NVIDIA-SMI has failed because it could not communicate; exit 9", GpuSourceFailure.NotInitialised, "it ended with 9: NVIDIA-SMI has failed")]
    [DataRow("exit 12", GpuSourceFailure.LibraryNotFound, "it ended with 12")]
    [DataRow("exit 4", GpuSourceFailure.NoPermission, "it ended with 4")]
    [DataRow("echo Unable to determine the device handle >&2; exit 15", GpuSourceFailure.Unknown, "Unable to determine")]
    [DataRow("echo hello", GpuSourceFailure.Unreadable, "not XML")]
    [DataRow("sleep 60", GpuSourceFailure.NoAnswer, "did not end")]
    public void Read_ToolThatFails_IsItsFailure(string script, GpuSourceFailure kind, string reason)
    {
        using var tool = new FakeTool("nvidia-smi", script);
        using var source = Source(tool, TimeSpan.FromSeconds(script.StartsWith("sleep", StringComparison.Ordinal) ? 0.3 : 60));
        var failure = (GpuSourceResult.Unavailable)source.Read();

        Assert.AreEqual(kind, failure.Kind, failure.Reason);
        StringAssert.Contains(failure.Reason, reason);
    }

    [TestMethod]
    public void Read_NoTool_SaysWhichAndRecovers()
    {
        using var source = new NvidiaSmiGpuSource(new NvidiaSmiOptions { Path = "/no/such/nvidia-smi" });
        var failure = (GpuSourceResult.Unavailable)source.Read();

        Assert.AreEqual(GpuSourceFailure.ToolNotFound, failure.Kind);
        StringAssert.Contains(failure.Reason, "/no/such/nvidia-smi");
    }

    [TestMethod]
    public void Constructor_LimitOutOfRange_NamesIt()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new NvidiaSmiGpuSource(new NvidiaSmiOptions { Timeout = TimeSpan.Zero })).Message, "Timeout");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new NvidiaSmiGpuSource(new NvidiaSmiOptions { MaxOutputBytes = 0 })).Message, "MaxOutputBytes");
    }

    [TestMethod]
    public void Read_AfterDispose_Throws()
    {
        var source = new NvidiaSmiGpuSource();
        source.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => source.Read());
    }

    private static NvidiaSmiGpuSource Source(FakeTool tool, TimeSpan? timeout = null) =>
        new(new NvidiaSmiOptions { Path = tool.ToolFile, Timeout = timeout ?? TimeSpan.FromSeconds(60) });
}
