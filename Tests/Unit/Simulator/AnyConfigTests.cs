using System.Globalization;
using CsCheck;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Simulator;

/// <summary>Whatever the validator lets pass must run, keep the laws and give figures that are numbers; the values are those that nobody would write.</summary>
[TestClass]
public sealed class AnyConfigTests
{
    private static readonly string[] Strategies =
        ["baseline_rr", "power_of_two", "least_queue", "heuristic", "mesh", "mesh_hedge", "mesh_stale", "adaptive_mesh", "predictive_mesh", "hybrid_mesh", "ml_enhanced_mesh", "prefix_mesh", "oracle"];

    private static readonly Gen<DistConfig> Lengths = Gen.OneOfConst(
        new DistConfig { Value = 0 },
        new DistConfig { Value = 1 },
        new DistConfig { Value = 300 },
        new DistConfig { Value = 1e12 },
        new DistConfig { Dist = DistKind.Lognormal, Mu = 5, Sigma = 1.5 },
        new DistConfig { Dist = DistKind.Lognormal, Mu = 50, Sigma = 20 },
        new DistConfig { Dist = DistKind.Exponential, Lambda = 1e-9 },
        new DistConfig { Dist = DistKind.Poisson, Lambda = 40 },
        new DistConfig { Dist = DistKind.Normal, Mean = 0, Std = 1e6 },
        new DistConfig { Dist = DistKind.Discrete, Cases = [new(1, 0.5), new(5000, 0.5)] });

    private static readonly Gen<double> Seconds = Gen.OneOfConst(1e-9, 1e-6, 0.01, 1, 2);

    private static readonly Gen<WorkloadConfig> Workloads =
        from arrival in Gen.OneOfConst(ArrivalType.Poisson, ArrivalType.Gamma, ArrivalType.Weibull, ArrivalType.Constant, ArrivalType.Mmpp, ArrivalType.ClosedLoop)
        from rps in Gen.OneOfConst(1e-9, 1, 50, 300)
        from cv in Gen.OneOfConst(0.05, 1, 30)
        from think in Gen.OneOfConst(0, 0.1, 1e9)
        from input in Lengths
        from output in Lengths
        from longest in Gen.OneOfConst(1, 1000, 131_072, 10_000_000)
        from mixed in Gen.Bool
        from sessions in Gen.Bool
        from tenants in Gen.OneOfConst(1, 7, 5000)
            // Every block of a conversation has a name: ten million tokens of them are slow, not wrong.
        let most = sessions ? Math.Min(longest, 20_000) : longest
        select new WorkloadConfig
        {
            Arrival = new() { Type = arrival, Rps = rps, Cv = cv, ThinkTimeS = think, Users = 20, RatesRps = arrival == ArrivalType.Mmpp ? [0, rps] : [], DwellS = arrival == ArrivalType.Mmpp ? [0.001, 0.5] : [] },
            Llm = new() { InTokens = input, OutTokens = output, MaxTokens = most },
            Mix = mixed && !sessions ? new(0.4, 0.3, 0.3) : new(),
            Vision = new() { ImageSize = input, ProcessingComplexity = output },
            Asr = new() { AudioDurationS = output },
            Tenants = new() { Count = tenants, ZipfS = tenants > 7 ? 1.2 : 0 },
            Sessions = sessions ? new() { Groups = 3, UsersPerGroup = 2, SystemTokens = most / 3, MeanTurns = 4, ThinkTimeS = think, QuestionsPerUser = tenants == 7 ? 2 : 0 } : null,
        };

    private static readonly Gen<TopologyConfig> Topologies =
        from cells in Gen.Int[1, 4]
        from nodes in Gen.Int[1, 3]
        from types in Gen.Int[1, 3]
        from mig in Gen.Int[0, 3]
        from rate in Gen.OneOfConst(1e-3, 100, 1e12)
        from memory in Gen.OneOfConst<double?>(null, 40, 300)
        from window in Gen.OneOfConst(0, 8, 1e6)
        from perRequest in Gen.OneOfConst(1e-6, 1, 1e5)
        from cold in Gen.OneOfConst(0, 0.5, 1)
        from loads in Gen.OneOfConst(0, 0.3, 1e6)
        select new TopologyConfig
        {
            Cells = cells,
            NodesPerCell = nodes,
            GpuProfiles = [.. new[] { "H100-80G", "L40S-48G", "B200-180G" }[..types].Select(name => new GpuProfileConfig
            {
                Name = name, TokensPerS = rate, Concurrency = 2, VramTotalGb = memory, BatchWindowMs = window, KvCacheGbPerReq = perRequest, PricePerHour = types == 2 ? 0 : null,
            })],
            Mig = new() { Enable = mig > 0, Share = mig / 3.0, Profiles = mig == 0 ? [] : [.. Enumerable.Range(0, mig == 3 ? 12 : mig).Select(i => new MigProfileConfig($"s{i}", mig == 3 ? 0.08 : 0.5))] },
            ColdShare = cold,
            ColdStartS = loads,
        };

    private static readonly Gen<SimConfig> Configs =
        from seed in Gen.ULong
        from seconds in Seconds
        from strategy in Gen.Int[0, Strategies.Length - 1]
        from workload in Workloads
        from topology in Topologies
        from model in Gen.OneOfConst(ServiceModel.ContinuousBatching, ServiceModel.ContinuousBatching, ServiceModel.TokenRate, ServiceModel.ReferenceBugs)
        from budget in Gen.OneOfConst(0, 1, 100, 1_000_000)
        from sequences in Gen.OneOfConst(0, 1, 3)
        from prefill in Gen.OneOfConst(0, 0, 0.25, 0.5, 0.99)
        from link in Gen.OneOfConst(1e-300, 1e6, 25e9, 1e300)
        from fixedSeconds in Gen.OneOfConst(0, 1e-4, 60)
        from rtt in Gen.OneOfConst(0, 0.5, 1e12)
        from mbps in Gen.OneOfConst(1e-9, 100, 1e9)
        from period in Gen.OneOfConst(0, 20, 1e7)
        from loss in Gen.OneOfConst(0, 0.5, 0.999)
        from routers in Gen.Int[1, 5]
        from decision in Gen.OneOfConst<double?>(null, 0, 10)
        from breaks in Gen.OneOfConst(0, 0.05, 5, 1e300)
        from repair in Gen.OneOfConst(1e-300, 0.1, 1e300)
        from alpha in Gen.OneOfConst<double?>(null, 0, 0.001, 1)
        from classes in Gen.Bool
        let nodes = topology.Cells * topology.NodesPerCell
        let share = model == ServiceModel.ContinuousBatching && prefill * nodes >= 1 ? prefill : 0
        select new SimConfig
        {
            Seed = seed,
            DurationS = seconds,
            Strategies = [new(Strategies[strategy])],
            Workload = workload,
            Topology = topology,
            Service = new() { Model = model, MaxBatchedTokens = budget, MaxSequences = sequences, PrefillShare = share, KvTransferBytesPerSecond = link, KvTransferSeconds = fixedSeconds, PrefixCache = sequences != 3 },
            Network = new() { IntraCellRttMs = new() { Value = rtt }, InterCellCoords = new(1, rtt > 1 ? 1e5 : 0, 1), BwMbps = new(mbps, mbps) },
            Signals = new() { QueueDepthMs = new(period, period), VramMs = new(0, period), Loss = loss, TransportMs = new() { IntraCell = new(0, period), InterCell = new(0, period) } },
            Routers = new() { Count = routers, DecisionCostS = decision },
            Hedging = new() { Alpha = alpha, BudgetShare = 1 },
            Failures = new() { MeanTimeBetweenS = breaks, MeanRepairS = repair },
            SloClasses = classes ? [new("a", 0.5, TtftS: 1e-9), new("b", 0.5, E2eS: 1e9)] : [],
        };

    [TestMethod]
    public void Run_WhateverIsValid_KeepsTheLawsAndGivesNumbers() => Configs.Sample(
        static config =>
        {
            if (SimConfigValidator.Check(config).Count > 0) return;
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            var r = SimulationRunner.Run(config, new() { Threads = 1, Stop = stop.Token })[0];
            Assert.IsTrue(r.Complete, "It must come to an end.");
            Assert.AreEqual(r.Requests.Arrived, r.Requests.Completed + r.Requests.Unfinished + r.Requests.Rejected + r.Requests.Dropped);
            Assert.AreEqual(r.Requests.Completed, r.All.Count);
            double[] figures =
            [
                r.All.E2e.Mean, r.All.Tpot.Mean, r.All.Itl.Mean, r.GoodputRps, r.TokensPerSecond, r.Utilisation.Mean, r.Utilisation.StdDev, r.Kv.Mean, r.Vram.Mean, r.BusiestOverMean,
                r.NetworkBytes, r.KvTransfers.Bytes, r.KvTransfers.MeanSeconds, r.Cost.Total, r.Cost.Per1kTokens, r.SignalAgeSeconds, r.PrefixHitRate, r.MeanInSystem,
            ];
            foreach (var figure in figures) Assert.IsTrue(double.IsFinite(figure) && figure >= 0, $"{string.Join(' ', figures)}");
            Assert.IsTrue(r.Utilisation.Max <= 1 + 1e-6 && r.Kv.Max <= 1 + 1e-6 && r.SloAttainment <= 1);
        },
        iter: Environment.GetEnvironmentVariable("CsCheck_Iter") is { } iterations ? int.Parse(iterations, CultureInfo.InvariantCulture) : 25, threads: 1);

    [TestMethod]
    public void Check_FailuresWithoutAPause_IsAnError() =>
        Assert.AreEqual("failures.mean_time_between_s", SimConfigValidator.Check(new() { Failures = new() { MeanTimeBetweenS = 1e-9 } }).Single().Path);

    [TestMethod]
    public void Check_MoreMemoryMakesRoomAndLessTakesIt()
    {
        SimConfig With(double? gigabytes, string model = "qwen3-32b") => new()
        {
            DurationS = 5,
            Strategies = [new("mesh")],
            Topology = new() { NodesPerCell = 1, GpuProfiles = [new() { Name = "L40S-48G", VramTotalGb = gigabytes }] },
            Service = new() { LlmModel = model },
            Workload = new() { Arrival = new() { Rps = 2 } },
        };
        Assert.AreEqual("topology.gpu_profiles[0].name", SimConfigValidator.Check(With(null)).Single().Path);
        Assert.IsEmpty(SimConfigValidator.Check(With(96)));
        Assert.HasCount(1, SimConfigValidator.Check(With(17, "llama-3.1-8b")));
        double Kv(double? gigabytes) => SimulationRunner.Run(With(gigabytes, "llama-3.1-8b")).Single().Kv.Mean;
        Assert.IsGreaterThan(1.5 * Kv(96), Kv(48), "Twice the memory is less than half as full.");
    }

    [TestMethod]
    public void Of_KeysWithoutEffect_AreTold()
    {
        Assert.IsEmpty(SimConfigNotes.Of(new()));
        var notes = SimConfigNotes.Of(new()
        {
            Service = new() { KvTransferSeconds = 1 },
            Signals = new() { P95Ms = new(1, 2) },
            Topology = new() { GpuProfiles = [new() { Name = "H100-80G", TokensPerS = 5 }], ColdStartS = 1 },
            Workload = new() { Asr = new() { SampleRate = 8000 } },
            Failures = new() { MeanRepairS = 5 },
            Hedging = new() { Alpha = 0.1 },
        });
        CollectionAssert.AreEquivalent(
            (string[])["service.kv_transfer_seconds", "signals.p95_ms", "topology.gpu_profiles[0].tokens_per_s", "topology.cold_start_s", "workload.asr", "failures.mean_repair_s", "hedging"],
            notes.Select(n => n.Path).ToArray());
        var original = SimConfigNotes.Of(new() { Service = new() { Model = ServiceModel.ReferenceBugs, PrefixCache = false }, Routers = new() { Count = 2 }, Failures = new() { MeanTimeBetweenS = 5 } });
        CollectionAssert.AreEquivalent((string[])["service.prefix_cache", "routers.count", "failures"], original.Select(n => n.Path).ToArray());
    }

    [TestMethod]
    public void Run_NobodyLeftToServeUsersWhoDoNotThink_Ends()
    {
        var r = SimulationRunner.Run(
            new()
            {
                DurationS = 20,
                Strategies = [new("mesh")],
                Topology = new() { NodesPerCell = 2 },
                Workload = new() { Arrival = new() { Type = ArrivalType.ClosedLoop, Users = 5, ThinkTimeS = 0 } },
                Failures = new() { MeanTimeBetweenS = 0.1, MeanRepairS = 1e300 },
            },
            new() { Threads = 1 }).Single();
        Assert.IsInRange(5, 105, r.Requests.Rejected, "Who is turned away comes again after a second.");
    }

    [TestMethod]
    public void Run_TinyHorizon_Ends()
    {
        var r = SimulationRunner.Run(new() { DurationS = 1e-9, Strategies = [new("mesh")] }, new() { Threads = 1 }).Single();
        Assert.IsTrue(r.Complete);
    }
}
