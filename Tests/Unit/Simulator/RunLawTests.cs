using System.Globalization;
using CsCheck;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Simulator;

/// <summary>The run itself throws when a law is broken: here it has no excuse.</summary>
[TestClass]
public sealed class RunLawTests
{
    private static readonly string[] Strategies =
        ["baseline_rr", "power_of_two", "least_queue", "heuristic", "mesh", "mesh_hedge", "mesh_stale", "adaptive_mesh", "predictive_mesh", "hybrid_mesh", "ml_enhanced_mesh", "prefix_mesh", "oracle"];

    private static readonly Gen<SimConfig> Worlds =
        from seed in Gen.ULong
        from strategy in Gen.Int[0, 12]
        from model in Gen.Bool
        from cells in Gen.Int[1, 3]
        from nodes in Gen.Int[1, 4]
        from mig in Gen.Bool
        from routers in Gen.Int[1, 3]
        from rho in Gen.Double[0.1, 1.6]
        from breaks in Gen.Bool
        from cold in Gen.Double[0, 0.5]
        from loss in Gen.Double[0, 0.5]
        from alpha in Gen.Bool
        from prefill in Gen.OneOfConst(0, 0.3, 0.5)
        from arrival in Gen.OneOfConst(ArrivalType.Poisson, ArrivalType.Gamma, ArrivalType.ClosedLoop)
        select new SimConfig
        {
            Seed = seed,
            DurationS = model ? 8 : 2,
            Strategies = [new(Strategies[strategy])],
            Workload = new()
            {
                Arrival = new() { Type = arrival, Rho = arrival == ArrivalType.ClosedLoop ? null : rho, Cv = 3, Users = 12, ThinkTimeS = 0.2 },
                Mix = new(0.6, 0.3, 0.1),
                Tenants = new() { Count = 5 },
            },
            Topology = new()
            {
                Cells = cells,
                NodesPerCell = nodes,
                // Token rates that a few hundred requests a second fill.
                GpuProfiles = [new() { Name = "H100-80G", TokensPerS = 20_000, Concurrency = 2 }, new() { Name = "A100-80G", TokensPerS = 8_000, Concurrency = 3, Share = 2 }],
                Mig = new() { Enable = mig, Profiles = [new("3g.40gb", 0.5), new("3g.40gb+me", 0.5)] },
                ColdShare = cold,
                ColdStartS = 0.7,
            },
            Signals = new() { Loss = loss },
            Service = new()
            {
                Model = model ? ServiceModel.ContinuousBatching : ServiceModel.TokenRate,
                PrefillShare = model && prefill * cells * nodes >= 1 ? prefill : 0,
                KvTransferSeconds = alpha ? 0.3 : 1e-4,
            },
            Routers = new() { Count = routers },
            Hedging = new() { Alpha = alpha ? 0.05 : null, BudgetShare = 0.5 },
            Failures = new() { MeanTimeBetweenS = breaks ? 3 : 0, MeanRepairS = 0.5 },
        };

    [TestMethod]
    public void Run_AnyWorld_KeepsTheLaws() => Worlds.Sample(
        static config =>
        {
            var r = SimulationRunner.Run(config, new() { Threads = 1 })[0];
            Assert.AreEqual(r.Requests.Arrived, r.Requests.Completed + r.Requests.Unfinished + r.Requests.Rejected + r.Requests.Dropped);
            Assert.AreEqual(r.Requests.Completed, r.All.Count);
            Assert.IsTrue(r.Utilisation.Max <= 1 + 1e-9 && r.Kv.Max <= 1 + 1e-9 && r.SloAttainment is >= 0 and <= 1);
        },
        iter: Environment.GetEnvironmentVariable("CsCheck_Iter") is { } iterations ? int.Parse(iterations, CultureInfo.InvariantCulture) : 40, threads: 1);
}
