using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Service;
using InferMesh.Tests.Unit.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator.Calibration;

[TestClass]
public sealed class CapabilityTests
{
    [TestMethod]
    [DataRow("H100-80G", "llama-3.1-8b", 1, 256, 256)]
    [DataRow("H100-80G", "llama-3.1-8b", 1, 1155, 211)]
    [DataRow("A100-80G", "llama-3.1-8b", 1, 1155, 211)]
    [DataRow("RTX4090-24G", "llama-3.1-8b", 1, 1000, 250)]
    [DataRow("H100-80G", "llama-3.1-70b", 4, 1155, 211)]
    public void Capability_RandomLengthsOfThatMean_IsWithinFivePercentOfASaturatedEngine(string gpu, string model, int degree, int prompt, int output)
    {
        var profile = Engines.Profile(gpu, model, degree);
        var engine = new ContinuousEngine(profile, new EngineSettings());
        var random = new RandomStream(7, 0);
        var log = new EngineLog();
        for (var i = 0; i < 6000; i++)
        {
            // Uniform over half to one and a half the mean.
            var request = Engines.Request(i, 0, (int)(prompt * (0.5 + random.NextUnit())), Math.Max(1, (int)(output * (0.5 + random.NextUnit()))));
            engine.Submit(request, 0);
        }

        Engines.Drain(engine, log);
        var ends = log.FinishedNs.Values.Order().ToArray();
        var (from, to) = (ends.Length / 4, ends.Length * 3 / 4);
        var measured = (to - from) / ((ends[to] - ends[from]) * 1e-9);
        Assert.AreEqual(measured, profile.Capability(prompt, output).RequestsPerSecond, measured * 0.05);
    }
}
