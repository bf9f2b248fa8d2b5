using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Tests.Unit.Simulator.Training;

/// <summary>A run throws when a law is broken: a GPU held twice, GPU time that nobody accounts for, a job that never ends. Here it has no excuse.</summary>
[TestClass]
public sealed class TrainingLawTests
{
    [TestMethod]
    public void Run_RandomWorlds_KeepsTheLaws()
    {
        var rounds = Environment.GetEnvironmentVariable("INFERMESH_WORLDS") is { } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 40;
        for (var round = 0; round < rounds; round++)
        {
            var config = World(new Random(round), (ulong)round);
            Assert.IsEmpty(JobsConfigValidator.Check(config), $"round {round}");
            foreach (var result in Run(config, round))
            {
                Assert.IsTrue(result.Utilisation is > 0 and <= 1 && result.UsefulUtilisation <= result.Utilisation && result.Fragmentation is >= 0 and < 1 && result.Fairness is > 0 and <= 1 + 1e-12, $"round {round}");
                Assert.IsTrue(result.Jobs.All(static j => j.EndedSeconds >= j.StartedSeconds && j.StartedSeconds >= j.SubmittedSeconds && j.StepInflation > 0.5), $"round {round}");
                // Jobs that are driven out and come back over and over would be a scheduler that cannot make up its mind.
                var worst = result.Jobs.MaxBy(static j => j.Preemptions + j.Moves)!;
                Assert.IsLessThan(30, worst.Preemptions + worst.Moves - worst.Restarts, $"round {round}, {result.Strategy}: {worst}");
                Assert.IsTrue(result.Series.All(static s => s.Held <= s.Open + 1e-6), $"round {round}");
            }
        }
    }

    [TestMethod]
    public void Run_SameSeed_GivesTheSameBytesWithAnyThreads()
    {
        for (var round = 0; round < 4; round++)
        {
            var config = World(new Random(round), (ulong)round) with { Strategies = [] };
            string Text(int threads) => string.Join('\n', TrainingSimulator.Run(config, new() { Threads = threads, Seeds = [1, 2] }).Select(TrainingWorlds.Text));
            Assert.AreEqual(Text(1), Text(2), $"round {round}");
        }
    }

    [TestMethod]
    public void Run_OtherStrategy_MeetsTheSameJobs()
    {
        var config = World(new Random(5), 5) with { Strategies = [] };
        foreach (var same in TrainingSimulator.Run(config).Select(static r => string.Join('|', r.Jobs.Select(static j => (j.Id, j.SubmittedSeconds, j.Workers, j.Tenant, j.IdealSeconds)))).Chunk(2))
            Assert.AreEqual(same[0], same[^1]);
    }

    private static IReadOnlyList<TrainingResult> Run(JobsConfig config, int round)
    {
        try
        {
            return TrainingSimulator.Run(config, new() { Threads = 1 });
        }
        catch (InvalidOperationException e)
        {
            throw new AssertFailedException($"round {round}, {config.Strategies[0]}: {e.Message}", e);
        }
    }

    private static JobsConfig World(Random random, ulong seed)
    {
        double Pick(params double[] values) => values[random.Next(values.Length)];
        var serving = random.Next(3) == 0;
        var fleet = new JobFleetConfig
        {
            Zones = random.Next(1, 3),
            RacksPerZone = random.Next(2, 4),
            NodesPerRack = random.Next(2, 5),
            GpuTypes = random.Next(2) == 0 ? [new() { Name = "H100" }] : [new() { Name = "H100", Share = 2 }, new() { Name = "A100", Pace = 0.5 }],
        };
        return new()
        {
            Seed = seed,
            Strategies = [TrainingCatalog.All[random.Next(TrainingCatalog.All.Count)].Name],
            Fleet = fleet,
            Serving = serving ? new() { NodesPerRack = 1, PeriodS = 7200, PeakAtS = 3600, Noise = 0.2, StepS = 120, DeadlineS = Pick(0, 10, 60) } : new(),
            Jobs = new()
            {
                Count = random.Next(1, 50),
                Arrival = random.Next(3) == 0 ? new() { Type = JobArrivalType.AllAtOnce } : new() { PerHour = Pick(5, 30, 200) },
                Kinds =
                [
                    new()
                    {
                        Name = "small", Share = 3, Workers = new() { Dist = DistKind.Uniform, Min = 1, Max = 5 }, Work = new() { Dist = DistKind.Lognormal, Mu = 8, Sigma = 1 }, GradientBytes = Pick(0, 1e9),
                        ElasticShare = Pick(0, 0.5, 1), Priority = new() { Dist = DistKind.Uniform, Min = 0, Max = 3 }, PreemptibleShare = Pick(0.5, 1), CheckpointS = Pick(0, 300), SaveS = Pick(0, 20), StartS = Pick(0, 30),
                        RestartS = Pick(0, 60),
                    },
                    new()
                    {
                        Name = "large", Workers = new() { Dist = DistKind.Uniform, Min = 1, Max = fleet.Zones * fleet.RacksPerZone * (fleet.NodesPerRack - (serving ? 1 : 0)) / (fleet.GpuTypes.Count > 1 ? 2 : 1) },
                        GpusPerWorker = 8, Work = new() { Dist = DistKind.Lognormal, Mu = 11, Sigma = 1 }, GradientBytes = 4e9, ElasticShare = Pick(0, 0.5), Priority = new() { Dist = DistKind.Uniform, Min = 0, Max = 4 },
                        PreemptibleShare = Pick(0, 1), CheckpointS = Pick(300, 1800),
                    },
                ],
            },
            Tenants = random.Next(2) == 0 ? [] : [new() { Name = "a" }, new() { Name = "b", Share = 3, Weight = 2 }],
            Estimates = new() { KnownShare = Pick(0, 0.5, 1), Sigma = Pick(0, 0.7) },
            Failures = new() { MeanTimeBetweenS = Pick(0, 40_000, 400_000), MeanRepairS = Pick(60, 3600) },
            SlowLinks = new() { MeanTimeBetweenS = Pick(0, 20_000) },
            Scheduler = new() { Preempt = random.Next(4) > 0, Reserve = random.Next(4) > 0, ConsolidateAfterS = Pick(0, 300), SettledAfterS = Pick(0, 120), GainOverCost = Pick(0, 2) },
        };
    }
}
