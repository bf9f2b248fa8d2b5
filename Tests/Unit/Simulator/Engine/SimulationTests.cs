using System.Text.Json;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.World;
using InferMesh.Strategies;

namespace InferMesh.Tests.Unit.Simulator.Engine;

[TestClass]
public sealed class SimulationTests
{
    private static readonly GpuProfile[] Mixed = [.. Enumerable.Range(0, 16).Select(i => GpuCatalog.All[i % 4 < 2 ? 0 : i % 4 - 1])];

    [TestMethod]
    public void Run_SameOptions_GivesTheSameBytes() => Assert.AreEqual(JsonSerializer.Serialize(All(Options())), JsonSerializer.Serialize(All(Options())));

    [TestMethod]
    public void Run_AnotherSeed_GivesOtherArrivals() =>
        Assert.AreNotEqual(JsonSerializer.Serialize(All(Options())), JsonSerializer.Serialize(All(Options() with { Seed = 2 })));

    [TestMethod]
    [DataRow(0.3)]
    [DataRow(0.9)]
    [DataRow(3.0)]
    public void Run_AnyLoad_LosesNoRequest(double rho)
    {
        var results = All(Options() with { Rho = rho, Duration = TimeSpan.FromSeconds(8) });
        Assert.HasCount(1, results.Select(r => r.Arrived).Distinct(), "all strategies meet the same requests");
        foreach (var r in results)
        {
            Assert.AreEqual(r.Arrived, r.Completed + r.Refused + r.Unfinished, r.Strategy);
            Assert.AreEqual(r.Arrived - r.Refused, r.NodeRequests.Sum(), r.Strategy);
        }
    }

    [TestMethod]
    public void Run_StableLoad_ObeysLittlesLaw()
    {
        // Short outputs, so that all can finish: then what is held and what is waited are the same seconds, counted in two ways.
        var options = Options() with { Rho = 0.5, Duration = TimeSpan.FromSeconds(30), Outputs = new(160, 0.8, 512) };
        foreach (var r in All(options))
        {
            Assert.AreEqual(0, r.Refused + r.Unfinished, r.Strategy);
            var arrivalsPerSecond = r.Arrived / options.Duration.TotalSeconds;
            Assert.AreEqual(arrivalsPerSecond * r.E2eSeconds.Mean!.Value, r.MeanHeld, 0.05 * r.MeanHeld, r.Strategy);
        }
    }

    [TestMethod]
    public void Run_OneServerOneAtATime_WaitsAsPollaczekAndKhinchineSay()
    {
        // Steps of a constant time and prompts of one token: service is output tokens times the step, an M/G/1 queue.
        const double Step = 0.01;
        var profile = GpuCatalog.All[0] with { MaxConcurrentSequences = 1, StepBaseSeconds = Step, StepPerSequenceSeconds = 0, StepPerKvTokenSeconds = 0 };
        var options = new SimulationOptions
        {
            Nodes = [profile],
            Rho = 0.6,
            Duration = TimeSpan.FromHours(1),
            SignalPeriod = TimeSpan.FromMinutes(1),
            Prompts = new(1, 0, 1),
            Outputs = new(10, 0.5, 200),
            Seed = 3,
        };
        var service = Workload.Draw(options).Arrivals.Select(a => a.OutputTokens * Step).ToArray();
        var rate = service.Length / options.Duration.TotalSeconds;
        var wait = rate * service.Average(s => s * s) / (2 * (1 - rate * service.Average()));
        var result = Simulation.Run(options, [StrategyCatalog.Create("baseline_rr")]).Single();
        Assert.AreEqual(service.Average() + wait, result.E2eSeconds.Mean!.Value, 0.05 * (service.Average() + wait));
    }

    [TestMethod]
    public void Run_MixedFleetUnderLoad_MeshIsNoWorseThanRoundRobin()
    {
        var results = All(Options() with { Duration = TimeSpan.FromSeconds(30) }).ToDictionary(r => r.Strategy);
        Assert.IsLessThanOrEqualTo(results["baseline_rr"].E2eSeconds.P95!.Value, results["mesh"].E2eSeconds.P95!.Value);
        Assert.IsLessThanOrEqualTo(results["baseline_rr"].TtftSeconds.P95!.Value, results["mesh"].TtftSeconds.P95!.Value);
    }

    [TestMethod]
    public void Run_RoundRobin_SendsEachNodeTheSame() => Assert.AreEqual(1, All(Options())[0].BusiestOverMeanShare, 0.01);

    [TestMethod]
    public void Run_OptionsOutOfRange_Throws()
    {
        Assert.ThrowsExactly<ArgumentException>(() => All(Options() with { Nodes = [] }));
        Assert.ThrowsExactly<ArgumentException>(() => All(Options() with { Rho = double.NaN }));
        Assert.ThrowsExactly<ArgumentException>(() => All(Options() with { SignalPeriod = TimeSpan.Zero }));
    }

    private static SimulationOptions Options() => new() { Nodes = Mixed, Duration = TimeSpan.FromSeconds(12) };

    private static IReadOnlyList<SimulationResult> All(SimulationOptions options) => Simulation.Run(options, StrategyCatalog.All.Select(s => StrategyCatalog.Create(s.Name)));
}
