using InferMesh.Simulator.Results;
using InferMesh.Simulator.Service;

namespace InferMesh.Cli.Sim.Output;

/// <summary>Folds the runs of one strategy, one per seed, into its document.</summary>
internal static class MetricsBuilder
{
    /// <summary>A document per strategy, in the order in which the strategies first appear; complete when each of <paramref name="seeds"/> runs is.</summary>
    public static IReadOnlyList<MetricsDocument> Build(IReadOnlyList<StrategyResult> results, double horizonSeconds, int seeds = 1) =>
        [.. results.GroupBy(static r => r.Strategy, StringComparer.Ordinal).Select(g => Build([.. g], horizonSeconds, seeds))];

    private static MetricsDocument Build(StrategyResult[] runs, double horizonSeconds, int seeds)
    {
        var first = runs[0];
        return new()
        {
            Strategy = first.Strategy,
            Complete = runs.Length >= seeds && runs.All(static r => r.Complete),
            SimulatedSeconds = runs.Min(static r => r.SimulatedSeconds),
            HorizonSeconds = horizonSeconds,
            Events = runs.Sum(static r => r.Events),
            RequestCounters = Count(runs),
            Figures = Figures.All.ToDictionary(static f => f.Name, f => Interval([.. runs.Select(f.Of)]), StringComparer.Ordinal),
            LatencyByType = ByType(runs, static s => s.E2e),
            QueueWaitByType = ByType(runs, static s => s.QueueWait),
            ServiceByType = ByType(runs, static s => s.Service),
            TtftByType = ByType(runs, static s => s.Ttft),
            TpotByType = ByType(runs, static s => s.Tpot),
            ItlByType = ByType(runs, static s => s.Itl),
            ByTenant = runs.SelectMany(static r => r.ByTenant.Keys).Distinct().Order().ToDictionary(
                static t => $"{t}", t => Group([.. runs.Where(r => r.ByTenant.ContainsKey(t)).Select(r => r.ByTenant[t])], 0, null), StringComparer.Ordinal),
            BySloClass = runs.SelectMany(static r => r.BySloClass.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .ToDictionary(static name => name, name => SloClass(runs, name), StringComparer.Ordinal),
            Throughput = new(Mean(runs, static r => r.RequestsPerSecond), Mean(runs, static r => r.TokensPerSecond),
                Mean(runs, static r => r.OutputTokensPerSecond), Mean(runs, static r => r.GoodputRps)),
            AverageUtilization = Mean(runs, static r => r.Utilisation.Mean),
            AverageVramUtilization = Mean(runs, static r => r.Vram.Mean),
            HedgeMetrics = Hedges(runs),
            CostMetrics = new(runs.Sum(static r => r.Cost.GpuHours), runs.Sum(static r => r.Cost.Total), Mean(runs, static r => r.Cost.Per1kTokens),
                Mean(runs, static r => r.Cost.PerSloMetRequest), Mean(runs, static r => r.Cost.Per1kSloMetTokens)),
            Plugin = PluginDocument.Sum(runs.Select(static r => r.Plugin)),
            Cdf = new Dictionary<string, IReadOnlyList<double[]>>(StringComparer.Ordinal)
            {
                ["ttft"] = Cdf(first.All.Ttft),
                ["e2e"] = Cdf(first.All.E2e),
                ["queue_wait"] = Cdf(first.All.QueueWait),
                ["tpot"] = Cdf(first.All.Tpot),
            },
            Series = [.. first.Series.Select(static p => new SampleDocument(p.Seconds, p.ArrivedRps, p.CompletedRps, p.Running, p.Waiting, p.TtftP99 * 1000, p.Utilisation))],
            UtilisationHeat = first.UtilisationHeat,
            Runs = [.. runs.Select(static r => new RunDocument(
                r.Seed, r.Complete, r.SimulatedSeconds, r.Events, Figures.All.ToDictionary(static f => f.Name, f => f.Of(r), StringComparer.Ordinal)))],
        };
    }

    public static IntervalDocument Interval(IReadOnlyList<double> values)
    {
        var interval = Confidence.Of(values);
        return interval.IsKnown ? new(interval.Mean, interval.Low, interval.High, interval.StdDev) : new(interval.Mean, null, null, 0);
    }

    private static RequestCounters Count(StrategyResult[] runs)
    {
        long Sum(Func<RequestCounts, long> of) => runs.Sum(r => of(r.Requests));
        return new(Sum(static c => c.Arrived), Sum(static c => c.Completed), Sum(static c => c.Rejected + c.Dropped),
            Sum(static c => c.Unfinished), Sum(static c => c.Rejected), Sum(static c => c.Dropped));
    }

    private static Dictionary<string, QuantileDocument> ByType(StrategyResult[] runs, Func<LatencySet, Quantiles> of)
    {
        var groups = new Dictionary<string, QuantileDocument>(StringComparer.Ordinal) { ["all"] = Merge([.. runs.Select(r => of(r.All))]) };
        foreach (var type in Enum.GetValues<RequestType>())
        {
            var sets = runs.Where(r => r.ByType.ContainsKey(type)).Select(r => of(r.ByType[type])).ToArray();
            if (sets.Length > 0) groups[Name(type)] = Merge(sets);
        }
        return groups;
    }

    private static string Name(RequestType type) => type switch { RequestType.Llm => "llm", RequestType.Vision => "vision", _ => "asr" };

    private static GroupDocument SloClass(StrategyResult[] runs, string name)
    {
        var sets = runs.Where(r => r.BySloClass.ContainsKey(name)).Select(r => r.BySloClass[name]).ToArray();
        var arrived = sets.Sum(static s => s.Arrived);
        return Group([.. sets.Select(static s => s.Latency)], arrived, arrived == 0 ? null : sets.Sum(static s => s.Attainment * s.Arrived) / arrived);
    }

    private static GroupDocument Group(LatencySet[] sets, long arrived, double? attainment) =>
        new(arrived, attainment, Merge([.. sets.Select(static s => s.E2e)]), Merge([.. sets.Select(static s => s.QueueWait)]),
            Merge([.. sets.Select(static s => s.Ttft)]), Merge([.. sets.Select(static s => s.Tpot)]),
            Merge([.. sets.Select(static s => s.Service)]), Merge([.. sets.Select(static s => s.Itl)]));

    /// <summary>Quantiles are means over the runs that have values; mean and greatest value are exact.</summary>
    private static QuantileDocument Merge(Quantiles[] all)
    {
        var sets = Array.FindAll(all, static q => q.Count > 0);
        if (sets.Length == 0) return new(0, 0, 0, 0, 0, 0, 0, 0);
        var count = sets.Sum(static q => q.Count);
        double Of(Func<Quantiles, double> of) => sets.Average(of) * 1000;
        return new(Of(static q => q.P50), Of(static q => q.P90), Of(static q => q.P95), Of(static q => q.P99), Of(static q => q.P999),
            sets.Sum(static q => q.Mean * q.Count) / count * 1000, sets.Max(static q => q.Max) * 1000, count);
    }

    private static HedgeDocument Hedges(StrategyResult[] runs)
    {
        var (fired, won) = (runs.Sum(static r => r.Hedges.Fired), runs.Sum(static r => r.Hedges.Won));
        return new(fired, won, runs.Sum(static r => r.Hedges.Wasted), runs.Sum(static r => r.Hedges.WastedTokens), fired == 0 ? 0 : (double)won / fired);
    }

    private static double Mean(StrategyResult[] runs, Func<StrategyResult, double> of) => runs.Average(of);

    private static IReadOnlyList<double[]> Cdf(Quantiles quantiles) => [.. quantiles.Cdf.Select(static p => new[] { p.Seconds * 1000, p.Share })];
}
