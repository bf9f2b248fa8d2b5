using InferMesh.Simulator.Calibration;
using InferMesh.Tests.Unit.Simulator.ReferenceCases;

namespace InferMesh.Tests.Unit.Simulator.Calibration;

/// <summary>The engine against recorded runs of a real vLLM, with the kernel tables of the same machines.</summary>
[TestClass]
public sealed class VllmRunTests
{
    [TestMethod]
    [TestProperty(ReferenceRow.Property, "vllm-rtx4090-8b-ttft")]
    [TestProperty(ReferenceRow.Property, "vllm-rtxpro6000-8b-tpot")]
    [DataRow("RTX4090", "RTX4090-24G", 65_456.6, 32.4)]
    [DataRow("RTXPRO6000", "RTXPRO6000-96G", 7_097.2, 32.5)]
    public void Replay_RecordedRun_StaysWithinItsTolerances(string gpu, string shipped, double ttftMs, double tpotMs)
    {
        var folder = Environment.GetEnvironmentVariable("INFERMESH_DATA");
        if (string.IsNullOrEmpty(folder)) Assert.Inconclusive("INFERMESH_DATA is not set: there is no recorded run to compare with.");

        var data = new CalibrationData(folder);
        var run = data.Run(gpu);
        var times = run.Replay(data.TableProfile(gpu, shipped));
        Assert.AreEqual(ttftMs, 1e3 * run.Measured.Average(t => t.FirstToken), ttftMs * 0.002, "the data is the one that is cited");
        if (gpu == "RTX4090") ReferenceRow.Check("vllm-rtx4090-8b-ttft", 1e3 * times.Average(t => t.FirstToken));
        else ReferenceRow.Check("vllm-rtxpro6000-8b-tpot", 1e3 * times.Average(t => t.PerToken));
        Within("TTFT", ttftMs, 1e3 * times.Average(t => t.FirstToken), 0.15);
        Within("TPOT", tpotMs, 1e3 * times.Average(t => t.PerToken), 0.06);
        Within("E2E", 1e3 * run.Measured.Average(t => t.LastToken), 1e3 * times.Average(t => t.LastToken), 0.10);
    }

    private static void Within(string what, double expected, double actual, double share) =>
        Assert.AreEqual(expected, actual, expected * share, what);
}
