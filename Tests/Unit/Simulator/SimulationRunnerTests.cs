using System.Text.Json;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator;

[TestClass]
public sealed class SimulationRunnerTests
{
    [TestMethod]
    public void Run_AnyNumberOfThreads_GivesTheSameBytes()
    {
        var config = SimConfigs.Small(8, 3, "baseline_rr", "mesh_hedge", "hybrid_mesh", "oracle") with { Failures = new() { MeanTimeBetweenS = 60, MeanRepairS = 1 } };
        var one = SimulationRunner.Run(config, new() { Threads = 1, Seeds = [1, 2] });
        var four = SimulationRunner.Run(config, new() { Threads = 4, Seeds = [1, 2] });
        Assert.AreEqual(JsonSerializer.Serialize(one), JsonSerializer.Serialize(four));
        CollectionAssert.AreEqual((string[])["baseline_rr", "mesh_hedge", "hybrid_mesh", "oracle"], one.Take(4).Select(r => r.Strategy).ToArray());
        Assert.AreNotEqual(one[0].All.E2e.Mean, one[4].All.E2e.Mean, "Another seed is another run.");
    }

    [TestMethod]
    public void Run_ContinuousBatching_AnswersWithTokensOneByOne()
    {
        var results = SimulationRunner.Run(SimConfigs.Continuous(0.6, 20, "baseline_rr", "mesh", "oracle"));
        foreach (var r in results)
        {
            Assert.IsGreaterThan(0.8 * r.Requests.Arrived, r.Requests.Completed, r.Strategy);
            Assert.IsTrue(r.All.Ttft.P50 > 0 && r.All.Ttft.P50 < r.All.E2e.P50 && r.All.Itl.Count > r.All.E2e.Count, r.Strategy);
            Assert.IsTrue(r.Utilisation.Mean is > 0.1 and <= 1 && r.Kv.Mean > 0 && r.Vram.Mean > r.Kv.Mean * 0.1, r.Strategy);
        }
        Assert.IsLessThan(results[0].All.E2e.Mean, results[2].All.E2e.Mean, "The oracle beats round robin on a mixed fleet.");
    }

    [TestMethod]
    public void Run_SharedPrefixes_AreFoundInTheCacheAndByThePreciseIndex()
    {
        var config = SimConfigs.Continuous(0.4, 20) with
        {
            Strategies = [new("baseline_rr"), new("prefix_mesh", new Dictionary<string, double> { ["precise"] = 1 })],
            Workload = new() { Arrival = new() { Rps = 20 }, Sessions = new() { Groups = 20, UsersPerGroup = 2, SystemTokens = 2_000, MeanTurns = 3, ThinkTimeS = 1 } },
        };
        var results = SimulationRunner.Run(config);
        Assert.IsTrue(results[0].PrefixHitRate is > 0 and < 1);
        Assert.IsGreaterThan(results[0].PrefixHitRate, results[1].PrefixHitRate);
    }

    [TestMethod]
    public void Run_FailingNodes_LosesLittleAndCountsIt()
    {
        var config = SimConfigs.Continuous(0.5, 30, "mesh", "mesh_hedge") with { Failures = new() { MeanTimeBetweenS = 30, MeanRepairS = 5 } };
        foreach (var r in SimulationRunner.Run(config))
        {
            Assert.IsGreaterThan(0, r.Requests.Completed);
            Assert.IsLessThan(0.1 * r.Requests.Arrived, r.Requests.Dropped);
        }
    }

    [TestMethod]
    public void Run_MoreThanTheFleetServes_TurnsRequestsAwayAsTheLiveMeshDoes()
    {
        var result = SimulationRunner.Run(SimConfigs.Continuous(3, 60, "mesh"))[0];
        Assert.IsGreaterThan(0, result.Requests.Rejected);
        Assert.IsGreaterThan(0.8, result.Utilisation.Mean);
    }

    [TestMethod]
    public void Run_Hedges_AreSentWithinTheBudgetAndOnlyByTheStrategyThatHedges()
    {
        // Busy and a second behind: here an answer can be later than what was expected of it.
        var results = SimulationRunner.Run(SimConfigs.Continuous(0.9, 30, "mesh", "mesh_hedge") with { Signals = new() { QueueDepthMs = new(1000, 1000) } });
        Assert.AreEqual(0, results[0].Hedges.Fired);
        Assert.IsInRange(1, (long)(0.05 * results[1].Requests.Arrived) + 1, results[1].Hedges.Fired);
        Assert.IsLessThanOrEqualTo(results[1].Hedges.Fired, results[1].Hedges.Won);
    }

    [TestMethod]
    public void Run_ColdNodes_MakeTheFirstRequestsWait()
    {
        var warm = SimConfigs.Small(1, 20, "baseline_rr") with { Workload = new() { Arrival = new() { Rps = 20 } } };
        var cold = warm with { Topology = warm.Topology with { ColdShare = 1, ColdStartS = 5 } };
        Assert.IsGreaterThan(4, SimulationRunner.Run(cold)[0].All.Ttft.Max);
        Assert.IsLessThan(1, SimulationRunner.Run(warm)[0].All.Ttft.Max);
    }

    [TestMethod]
    public void Run_ClosedLoop_NeverHasMoreRequestsThanUsers()
    {
        var config = SimConfigs.Small(2, 20, "mesh") with { Workload = new() { Arrival = new() { Type = ArrivalType.ClosedLoop, Users = 7, ThinkTimeS = 0 } } };
        var result = SimulationRunner.Run(config)[0];
        Assert.IsTrue(result.MeanInSystem is > 6.5 and <= 7.0001, $"{result.MeanInSystem}");
        Assert.IsGreaterThan(100, result.Requests.Completed);
    }

    [TestMethod]
    public void Run_MigSlicesAndMixedTypes_CostWhatTheNodesCost()
    {
        var config = SimConfigs.Small(8, 10, "mesh") with
        {
            Workload = new() { Arrival = new() { Rps = 100 }, Mix = new(0.7, 0.2, 0.1), Tenants = new() { Count = 20, ZipfS = 1 } },
            SloClasses = [new("fast", 0.5, TtftS: 0.1), new("slow", 0.5, E2eS: 10)],
        };
        config = config with { Topology = config.Topology with { Mig = new() { Enable = true, Profiles = [new("1g.10gb", 0.125, 30_000), new("3g.40gb", 0.5, 120_000)] } } };
        var r = SimulationRunner.Run(config)[0];
        Assert.AreEqual(32 * 10 / 3600.0, r.Cost.GpuHours, 1e-9);
        CollectionAssert.AreEquivalent((RequestType[])[RequestType.Llm, RequestType.Vision, RequestType.Asr], r.ByType.Keys.ToArray());
        Assert.AreEqual(r.All.Count, r.ByType.Values.Sum(t => t.Count));
        Assert.AreEqual(r.All.Count, r.BySloClass.Values.Sum(c => c.Latency.Count));
        Assert.HasCount(10, r.ByTenant);
        Assert.AreEqual(r.SloAttainment * r.Requests.Arrived, r.BySloClass.Values.Sum(c => c.Attainment * c.Arrived), 1e-6);
        Assert.HasCount(100, r.Series);
        Assert.HasCount(48, r.UtilisationHeat);
        Assert.AreEqual(r.Utilisation.Mean, r.Series.Average(p => p.Utilisation), 1e-6);
    }

    [TestMethod]
    public void Run_Stopped_GivesWhatThereIs()
    {
        using var stop = new CancellationTokenSource();
        var result = SimulationRunner.Run(SimConfigs.Small(32, 3600, "mesh"), new() { Stop = stop.Token, Progress = p => { if (p.Events > 100_000) stop.Cancel(); } });
        Assert.IsFalse(result[0].Complete);
        Assert.IsTrue(result[0].SimulatedSeconds is > 0 and < 3600);
        Assert.IsEmpty(SimulationRunner.Run(SimConfigs.Small(32, 10, "mesh"), new() { Stop = stop.Token }));
    }

    [TestMethod]
    public void Run_OlderSignals_AreOlderAtThePicks()
    {
        double Age(double periodMs, double travelMs) => SimulationRunner.Run(SimConfigs.Small(8, 5, "baseline_rr") with
        {
            Signals = new() { QueueDepthMs = new(periodMs, periodMs), TransportMs = new() { IntraCell = new(travelMs, travelMs), InterCell = new(travelMs, travelMs) } },
        })[0].SignalAgeSeconds;

        var (fresh, stale) = (Age(50, 10), Age(1000, 100));
        Assert.IsTrue(fresh is > 0.01 and < 0.15, $"{fresh}");
        Assert.IsTrue(stale is > 0.4 and < 1.6, $"{stale}");
    }
}
