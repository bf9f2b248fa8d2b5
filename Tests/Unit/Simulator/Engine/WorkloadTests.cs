using InferMesh.Simulator.Engine;
using InferMesh.Simulator.World;

namespace InferMesh.Tests.Unit.Simulator.Engine;

[TestClass]
public sealed class WorkloadTests
{
    [TestMethod]
    public void Draw_Arrivals_ArePoissonAtTheRateAsked()
    {
        var options = new SimulationOptions { Nodes = [GpuCatalog.All[0]], Rho = 0.5, Duration = TimeSpan.FromMinutes(20) };
        var workload = Workload.Draw(options);
        var gaps = workload.Arrivals.Zip(workload.Arrivals.Skip(1), (a, b) => (b.AtTicks - a.AtTicks) / (double)TimeSpan.TicksPerSecond).ToArray();
        var mean = gaps.Average();
        Assert.AreEqual(1 / (0.5 * workload.Capabilities[0].RequestsPerSecond), mean, 0.05 * mean);
        Assert.AreEqual(1, gaps.Average(g => (g - mean) * (g - mean)) / (mean * mean), 0.1, "squared coefficient of variation of an exponential");
    }

    [TestMethod]
    public void Draw_Lengths_HaveTheirMedianAndStayInRange()
    {
        var workload = Workload.Draw(new() { Nodes = [.. Enumerable.Repeat(GpuCatalog.All[0], 20)], Rho = 1, Duration = TimeSpan.FromMinutes(1) });
        var prompts = workload.Arrivals.Select(a => a.PromptTokens).Order().ToArray();
        Assert.AreEqual(512, prompts[prompts.Length / 2], 40);
        Assert.IsTrue(prompts[0] >= 1 && prompts[^1] <= 8192);
    }

    [TestMethod]
    public void Draw_AnotherLoad_KeepsTheLengths()
    {
        SimulationOptions Options(double rho) => new() { Nodes = [GpuCatalog.All[0]], Rho = rho, Duration = TimeSpan.FromSeconds(20) };
        var low = Workload.Draw(Options(0.4)).Arrivals.Select(a => (a.PromptTokens, a.OutputTokens)).ToArray();
        var high = Workload.Draw(Options(0.8)).Arrivals.Select(a => (a.PromptTokens, a.OutputTokens)).Take(low.Length).ToArray();
        CollectionAssert.AreEqual(low, high);
    }
}
