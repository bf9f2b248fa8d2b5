using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Rocm;
using InferMesh.Tests.Unit.Adapters.Gpu.Tools;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Rocm;

[TestClass]
public sealed class RocmGpuSourceTests
{
    [TestMethod]
    public void Read_AmdSmi_AsksForTheStaticsOnce()
    {
        using var tool = new FakeTool("amd-smi", "echo \"$@\" >> $HERE/arguments; cat $HERE/$1", ("metric", AmdSmiDocuments.Metrics), ("static", AmdSmiDocuments.Statics));
        using var source = Source(tool);
        _ = source.Read();
        var readings = Nvml.NvmlGpuSourceTests.Snapshot(source.Read()).Readings;

        Assert.AreEqual("AMD Instinct MI300X", readings[0].Name);
        Assert.AreEqual("metric --json\nstatic --json\nmetric --json\n", tool.Read("arguments"));
    }

    [TestMethod]
    public void Read_RocmSmiThatEndsWithAnError_CountsItsDocument()
    {
        using var tool = new FakeTool("rocm-smi", "echo \"$@\" > $HERE/arguments; echo 'WARNING: something'; echo '{\"card0\": {\"GPU use (%)\": \"5\"}}'; exit 2");
        using var source = Source(tool);

        Assert.AreEqual(0.05, Nvml.NvmlGpuSourceTests.Snapshot(source.Read()).Readings.Single().SmUtilization!.Value, 1e-9);
        StringAssert.Contains(tool.Read("arguments"), "--showmeminfo vram");
    }

    [TestMethod]
    [DataRow("amd-smi", "exit 1", GpuSourceFailure.Unknown, "it ended with 1")]
    [DataRow("rocm-smi", "echo no driver >&2; exit 1", GpuSourceFailure.Unknown, "it ended with 1: no driver")]
    [DataRow("amd-smi", "echo '[]'", GpuSourceFailure.Unreadable, "no JSON with a GPU")]
    [DataRow("rocm-smi", "echo hello", GpuSourceFailure.Unreadable, "no JSON with a GPU")]
    public void Read_ToolThatFails_IsItsFailure(string name, string script, GpuSourceFailure kind, string reason)
    {
        using var tool = new FakeTool(name, script);
        using var source = Source(tool);
        var failure = (GpuSourceResult.Unavailable)source.Read();

        Assert.AreEqual(kind, failure.Kind, failure.Reason);
        StringAssert.Contains(failure.Reason, reason);
    }

    [TestMethod]
    public void Read_NoTool_IsToolNotFound()
    {
        using var source = new RocmGpuSource(new RocmGpuOptions { Path = "/no/such/rocm-smi" });
        Assert.AreEqual(GpuSourceFailure.ToolNotFound, ((GpuSourceResult.Unavailable)source.Read()).Kind);
    }

    private static RocmGpuSource Source(FakeTool tool) => new(new RocmGpuOptions { Path = tool.ToolFile, Timeout = TimeSpan.FromSeconds(60) });
}
