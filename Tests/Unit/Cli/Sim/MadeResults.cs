using InferMesh.Simulator.Results;
using InferMesh.Simulator.Service;

namespace InferMesh.Tests.Unit.Cli.Sim;

/// <summary>Results made by hand: every latency of a strategy is a factor times a fixed shape.</summary>
internal static class MadeResults
{
    /// <summary>A complete run whose E2E p99 is <paramref name="p99Seconds"/>.</summary>
    public static StrategyResult Make(string strategy, ulong seed = 42, double p99Seconds = 2, bool complete = true, long completed = 1000, long hedges = 0, double slo = 0.9)
    {
        var set = new LatencySet(completed, Shape(p99Seconds, completed), Shape(p99Seconds * 0.2, completed), Shape(p99Seconds * 0.75, completed), Shape(p99Seconds * 0.3, completed),
            Shape(p99Seconds * 0.01, completed), Shape(p99Seconds * 0.012, completed * 90));
        return new()
        {
            Strategy = strategy,
            Seed = seed,
            Complete = complete,
            SimulatedSeconds = complete ? 60 : 20,
            Events = 12_345,
            Requests = new(1010, completed, 1010 - completed - 3, 2, 1),
            All = set,
            ByType = new Dictionary<RequestType, LatencySet> { [RequestType.Llm] = set, [RequestType.Vision] = set },
            ByTenant = new Dictionary<int, LatencySet> { [0] = set, [7] = set },
            BySloClass = new Dictionary<string, SloResult> { ["interactive"] = new(1010, slo, set) },
            SloAttainment = slo,
            GoodputRps = 15 * slo,
            RequestsPerSecond = 16.5,
            OutputTokensPerSecond = 1600,
            TokensPerSecond = 5000,
            Utilisation = new(0.7, 0.1, 0.4, 0.95),
            Vram = new(0.6, 0.05, 0.5, 0.7),
            Kv = new(0.3, 0.05, 0.2, 0.5),
            BusiestOverMean = 1.4,
            Hedges = new(hedges, hedges / 4, hedges / 2, hedges * 10),
            NetworkBytes = 3e6,
            Cost = new(0.25, 1.0, 0.0033, slo > 0 ? 0.001 / slo : 0, slo > 0 ? 0.0033 / slo : 0),
            SignalAgeSeconds = 0.4,
            PrefixHitRate = 0.1,
            MeanInSystem = 25,
            Series = [.. Enumerable.Range(1, 60).Select(i => new SeriesPoint(i, 17, 16.5, 20, i % 7, p99Seconds * (1 + i % 5) / 5, 0.6 + 0.2 * (i % 3) / 2))],
            UtilisationHeat = [.. Enumerable.Range(0, 16).Select(row => (IReadOnlyList<double>)[.. Enumerable.Range(1, 60).Select(i => (row * 7 + i) % 20 / 20.0)])],
        };
    }

    private static Quantiles Shape(double p99, long count) =>
        new(count, p99 * 0.3, p99 * 0.6, p99 * 0.75, p99, p99 * 1.3, p99 * 0.35, p99 * 1.6,
            [.. Enumerable.Range(1, 100).Select(i => new CdfPoint(p99 * (0.1 + Math.Pow(i / 100.0, 3)), i / 100.0))]);
}
