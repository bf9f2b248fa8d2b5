using System.Globalization;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Tests.Benchmarks.Kernel;

/// <summary>Made-up fleets for the kernel's benchmarks, equal in every run.</summary>
internal static class KernelFleet
{
    public const string Model = "model";

    /// <summary>Decisions that are told apart.</summary>
    public const int Count = 1024;

    public static readonly long NowTicks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private const double LevelSeconds = 8, TypicalPromptTokens = 2_000, TypicalOutputTokens = 320;

    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>Cells of 1,024 nodes, five kinds of GPU, batches a third to two thirds full, round trips by cell and node, readings up to 1 s old.</summary>
    public static TargetRow[] Mixed(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var kind = random.Next(5);
            var batch = 64 << kind / 2;
            return Row(i, $"zone-{i / 1024 % 4}") with
            {
                Running = batch / 3 + random.Next(batch / 3),
                Waiting = 0,
                KvCacheUsage = random.NextDouble() * 0.9,
                MaxConcurrency = batch,
                PrefillTokensPerSecond = 10_000 + kind * 6_000,
                DecodeTokensPerSecond = 2_000 + kind * 2_000,
                MinSecondsPerToken = 0.024 - kind * 0.004,
                RttSeconds = 0.0005 * (1 + i / 1024 * 7919 % 40) + 0.0001 * random.NextDouble(),
                PricePerHour = 1 + kind,
                SampledAtTicks = NowTicks - random.Next((int)TimeSpan.TicksPerSecond),
            };
        })];
    }

    /// <summary>
    /// The same nodes as a router that sends each request to the best of them leaves them: every one is loaded until it costs about what the others cost. The hardest state for bounds,
    /// and the usual one.
    /// </summary>
    public static TargetRow[] Level(int count)
    {
        var random = new Random(5);
        return [.. Mixed(count).Select(row =>
        {
            var load = 0;
            while (load < row.MaxConcurrency && Seconds(row, load) < LevelSeconds) load++;
            return row with { Running = Math.Max(0, load - random.Next(2)) };
        })];

        static double Seconds(TargetRow row, int load)
        {
            var slope = (row.MaxConcurrency / row.DecodeTokensPerSecond - row.MinSecondsPerToken) / (row.MaxConcurrency - 1);
            return TypicalPromptTokens / row.PrefillTokensPerSecond + TypicalOutputTokens * Math.Max(row.MinSecondsPerToken + slope * load, (load + 1) / row.DecodeTokensPerSecond) + row.RttSeconds;
        }
    }

    /// <summary>Every figure of every node drawn on its own, uniformly: neighbours tell nothing of each other, so bounds prune little.</summary>
    public static TargetRow[] Adversarial(int count)
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, count).Select(i => Row(i, "zone") with
        {
            Running = 128 * random.NextDouble(),
            Waiting = 0,
            KvCacheUsage = random.NextDouble(),
            MaxConcurrency = 1 + random.Next(256),
            PrefillTokensPerSecond = 1_000 + 40_000 * random.NextDouble(),
            DecodeTokensPerSecond = 200 + 10_000 * random.NextDouble(),
            MinSecondsPerToken = 0.05 * random.NextDouble(),
            RttSeconds = 10 * random.NextDouble(),
            ColdStartSeconds = 10 * random.NextDouble(),
            PricePerHour = 10 * random.NextDouble(),
            SampledAtTicks = NowTicks - (long)(30 * TimeSpan.TicksPerSecond * random.NextDouble()),
        })];
    }

    /// <summary>Decisions as they differ in service, under one policy.</summary>
    public static (RoutingRequest Request, EffectivePolicy Policy)[] Asks(string strategy)
    {
        var policy = PolicySet.Defaults with { Strategy = InferMesh.Strategies.StrategyCatalog.Create(strategy), Hedging = PolicySet.Defaults.Hedging with { Enabled = false } };
        return Asks(_ => policy);
    }

    /// <summary>Decisions of the mesh, each with weights of its own.</summary>
    public static (RoutingRequest Request, EffectivePolicy Policy, CostModel Weights)[] AnyWeights()
    {
        var random = new Random(3);
        var weights = Enumerable.Range(0, Count).Select(_ => new CostModel
        {
            NetworkWeight = random.Next(5),
            SecondsPerDollar = random.Next(3) * 500,
            UncertaintyPerSecond = 0.05 * random.NextDouble(),
        }).ToArray();
        return [.. Asks(i => PolicySet.Defaults with { Strategy = new Mesh(weights[i]), Hedging = PolicySet.Defaults.Hedging with { Enabled = false } }).Zip(weights, (ask, w) => (ask.Request, ask.Policy, w))];
    }

    private static (RoutingRequest Request, EffectivePolicy Policy)[] Asks(Func<int, EffectivePolicy> policy)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, Count).Select(i => (
            new RoutingRequest { Model = Model, PromptTokens = 50 + random.Next(4000), OutputTokens = 20 + random.Next(600), MaxTargets = 3 }, policy(i)))];
    }

    private static TargetRow Row(int i, string zone)
    {
        var name = i.ToString("0000000", CultureInfo.InvariantCulture);
        return new() { Identity = new(name, (i / 1024).ToString("00000", CultureInfo.InvariantCulture), zone, "region", zone, "vllm", name, "gpu", true, NoLabels), Local = new() };
    }
}
