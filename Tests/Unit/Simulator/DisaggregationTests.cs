using InferMesh.Simulator;
using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;
using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Simulator;

/// <summary>Nodes that prefill and nodes that decode.</summary>
[TestClass]
public sealed class DisaggregationTests
{
    private const int Prompt = 1000, Output = 11, Blocks = 63;
    private const double BlockBytes = 16 * 131_072, LinkSeconds = 50e-6, LinkBytes = 25e9;

    [TestMethod]
    public void Run_LoneRequests_TakeWhatIsComputedByHand()
    {
        Assert.IsTrue(EngineProfiles.TryGet("H100-80G", "llama-3.1-8b", 1, out var profile));
        var time = profile.StepTime;
        var prefill = time.Picoseconds(new StepLoad { Prefills = 1, PrefillTokens = Prompt, PrefillSquares = Prompt * Prompt }) * 1e-12;
        var decode = Enumerable.Range(Prompt + 1, Output - 1).Sum(context => time.Picoseconds(new StepLoad { Decodes = 1, DecodeContext = context })) * 1e-12;
        // Half a round trip of 0.5 ms and 4 bytes a token over 100 Gbit/s.
        var there = 0.00025 + 4 * Prompt / 12.5e9 + profile.IngressNs * 1e-9;
        var move = LinkSeconds + Blocks * BlockBytes / LinkBytes;

        var r = Run(Lone());
        Assert.IsGreaterThan(5, r.Requests.Completed);
        Assert.AreEqual(there + prefill + 0.00025, r.All.Ttft.Mean, 1e-7);
        Assert.AreEqual(0.00025 + there + move + decode, r.All.Tpot.Mean * (Output - 1), 1e-7);
        Assert.AreEqual(there + prefill + 0.00025 + there + move + decode + 0.00025, r.All.E2e.Mean, 1e-7);
        Assert.AreEqual(r.Requests.Completed * (Output - 1), r.All.Itl.Count);
        Assert.AreEqual(new(r.Requests.Completed, r.Requests.Completed * Blocks * BlockBytes, 0), r.KvTransfers with { MeanSeconds = 0 });
        Assert.AreEqual(move, r.KvTransfers.MeanSeconds, 1e-8);
        Assert.AreEqual(0, r.NetworkBytes);
    }

    [TestMethod]
    public void Run_SlowerLink_ShowsInTheSecondTokenAndHoldsMemoryOnBothNodes()
    {
        const double Slower = 0.1;
        var (fast, slow) = (Run(Lone()), Run(Lone() with { Service = new() { PrefillShare = 0.5, KvTransferSeconds = LinkSeconds + Slower } }));
        Assert.AreEqual(fast.All.Ttft.Mean, slow.All.Ttft.Mean, 1e-9);
        Assert.AreEqual(fast.All.E2e.Mean + Slower, slow.All.E2e.Mean, 1e-6);
        Assert.AreEqual(fast.All.Tpot.Mean + Slower / (Output - 1), slow.All.Tpot.Mean, 1e-6);
        Assert.AreEqual(fast.All.Itl.Max + Slower, slow.All.Itl.Max, 1e-6);
        Assert.AreEqual(fast.All.Itl.P50, slow.All.Itl.P50, 1e-6, "Only one gap of ten waits for the link.");

        Assert.IsTrue(EngineProfiles.TryGet("H100-80G", "llama-3.1-8b", 1, out var profile));
        var longer = slow.Requests.Completed * Slower / slow.SimulatedSeconds;
        Assert.AreEqual(fast.Kv.Min + Blocks * longer / profile.KvBlocks, slow.Kv.Min, 1e-6, "The node that prefills");
        Assert.AreEqual(fast.Kv.Max + Blocks * longer / profile.KvBlocks, slow.Kv.Max, 1e-6, "The node that decodes");
    }

    [TestMethod]
    public void Run_SeveralCells_MovesBlocksWithinTheCellWhereItCan()
    {
        var both = Run(Cells(cells: 2, nodesPerCell: 2));
        var kvBytes = both.KvTransfers.Bytes;
        Assert.IsGreaterThan(0, kvBytes);
        Assert.IsLessThan(0.01 * kvBytes, both.NetworkBytes, "Prompts and answers only");
        var apart = Run(Cells(cells: 2, nodesPerCell: 1));
        Assert.IsGreaterThan(apart.KvTransfers.Bytes, apart.NetworkBytes);
        Assert.IsGreaterThan(0.1, apart.KvTransfers.MeanSeconds, "132 MB over 5 Gbit/s");

        static SimConfig Cells(int cells, int nodesPerCell) => Lone() with { Topology = new() { Cells = cells, NodesPerCell = nodesPerCell }, Routers = new() { Count = cells, DecisionCostS = 0 } };
    }

    [TestMethod]
    public void Run_AnyStrategy_IsAnsweredByTwoNodes()
    {
        string[] all = ["baseline_rr", "power_of_two", "least_queue", "heuristic", "mesh", "mesh_hedge", "mesh_stale", "adaptive_mesh", "predictive_mesh", "hybrid_mesh", "ml_enhanced_mesh", "prefix_mesh", "oracle"];
        var config = SimConfigs.Continuous(0.7, 10, all);
        foreach (var r in SimulationRunner.Run(config with { Service = new() { PrefillShare = 0.34 } }))
        {
            Assert.IsGreaterThan(0.7 * r.Requests.Arrived, r.Requests.Completed, r.Strategy);
            Assert.IsGreaterThanOrEqualTo(r.Requests.Completed * 0.99, r.KvTransfers.Count, r.Strategy);
        }
    }

    [TestMethod]
    public void Run_HalfTheNodesPrefill_IsNoFreeWin()
    {
        // Short prompts leave the nodes that prefill idle.
        var config = new SimConfig
        {
            DurationS = 40,
            Strategies = [new("least_queue")],
            Topology = new() { NodesPerCell = 4 },
            Workload = new() { Arrival = new() { Rps = 260 }, Llm = new() { InTokens = Constant(256), OutTokens = Constant(256) } },
        };
        var (mixed, apart) = (Run(config), Run(config with { Service = new() { PrefillShare = 0.5 } }));
        Assert.IsLessThan(0.8 * mixed.RequestsPerSecond, apart.RequestsPerSecond);

        // Long ones no longer stand in the way of who decodes.
        config = config with { Workload = new() { Arrival = new() { Rps = 12 }, Llm = new() { InTokens = Constant(6000), OutTokens = Constant(200) } } };
        (mixed, apart) = (Run(config), Run(config with { Service = new() { PrefillShare = 0.5 } }));
        Assert.IsLessThan(0.5 * mixed.All.Itl.P95, apart.All.Itl.P95);
    }

    [TestMethod]
    public void Run_NodesFail_LosesNoAccountOfARequest()
    {
        foreach (var name in (string[])["baseline_rr", "mesh_hedge"])
        {
            var config = SimConfigs.Continuous(0.8, 30, name) with
            {
                Service = new() { PrefillShare = 0.5, KvTransferSeconds = 0.2 },
                Failures = new() { MeanTimeBetweenS = 5, MeanRepairS = 1 },
                Hedging = new() { Alpha = 0.005, BudgetShare = 0.3 },
            };
            var r = Run(config);
            Assert.IsGreaterThan(0.4 * r.Requests.Arrived, r.Requests.Completed);
            Assert.IsGreaterThan(0, r.Requests.Dropped);
            if (name == "mesh_hedge") Assert.IsGreaterThan(0, r.Hedges.Fired);
        }
    }

    [TestMethod]
    [DataRow(0.5, 1, ServiceModel.ContinuousBatching)]
    [DataRow(0.5, 4, ServiceModel.TokenRate)]
    [DataRow(0.1, 8, ServiceModel.ContinuousBatching)]
    public void Check_NoNodeThatCouldPrefill_IsAnError(double share, int nodes, ServiceModel model)
    {
        var config = new SimConfig { Topology = new() { NodesPerCell = nodes }, Service = new() { Model = model, PrefillShare = share } };
        Assert.AreEqual("service.prefill_share", SimConfigValidator.Check(config).Single().Path);
    }

    private static StrategyResult Run(SimConfig config)
    {
        Assert.IsEmpty(SimConfigValidator.Check(config));
        return SimulationRunner.Run(config, new() { Threads = 1 }).Single();
    }

    private static DistConfig Constant(double value) => new() { Dist = DistKind.Constant, Value = value };

    /// <summary>One request a second on two nodes, so that none meets another.</summary>
    private static SimConfig Lone() => new()
    {
        DurationS = 10,
        Strategies = [new("baseline_rr")],
        Workload = new() { Arrival = new() { Type = ArrivalType.Constant, Rps = 1 }, Llm = new() { InTokens = Constant(Prompt), OutTokens = Constant(Output) } },
        Topology = new() { NodesPerCell = 2 },
        Service = new() { PrefillShare = 0.5 },
        Routers = new() { DecisionCostS = 0 },
    };
}
