namespace InferMesh.Cli.Sim.Output;

/// <summary><c>comparison.csv</c>: a row per strategy. The first six columns are the old simulator's, by name and order; ours follow.</summary>
internal static class ComparisonCsv
{
    /// <summary>Figures whose interval over seeds has columns of its own.</summary>
    private static readonly string[] WithInterval =
        [Figures.TtftP99, Figures.E2eP99, Figures.SloAttainment, Figures.Utilisation, Figures.CostPer1kTokens, Figures.CostPer1kSloMetTokens];

    private static readonly (string Name, Func<MetricsDocument, string> Of)[] Columns =
    [
        ("strategy", static m => m.Strategy),
        ("p95_latency", static m => Csv.Number(m.Mean("e2e_p95_ms"))),
        ("p99_latency", static m => Csv.Number(m.Mean(Figures.E2eP99))),
        ("utilization", static m => Csv.Number(m.Mean(Figures.Utilisation))),
        ("cost_per_1k_tokens", static m => Csv.Number(m.Mean(Figures.CostPer1kTokens))),
        ("hedge_win_rate", static m => Csv.Number(m.HedgeMetrics.WinRate)),
        ("complete", static m => m.Complete ? "true" : "false"),
        ("seeds", static m => Csv.Number(m.Runs.Count)),
        ("simulated_seconds", static m => Csv.Number(m.SimulatedSeconds)),
        ("arrived", static m => Csv.Number(m.RequestCounters.Arrived)),
        ("completed", static m => Csv.Number(m.RequestCounters.Completed)),
        ("unfinished", static m => Csv.Number(m.RequestCounters.Unfinished)),
        ("rejected", static m => Csv.Number(m.RequestCounters.Rejected)),
        ("dropped", static m => Csv.Number(m.RequestCounters.Dropped)),
        .. Figures.All.SelectMany(static f => FigureColumns(f.Name)),
    ];

    public static IReadOnlyList<string> Header { get; } = [.. Columns.Select(static c => c.Name).Distinct(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Fields(MetricsDocument metrics) => [.. Columns.DistinctBy(static c => c.Name, StringComparer.Ordinal).Select(c => c.Of(metrics))];

    public static string Write(IReadOnlyList<MetricsDocument> all)
    {
        var csv = new Csv(Header);
        foreach (var metrics in all) csv.Row(Fields(metrics));
        return csv.ToString();
    }

    private static IEnumerable<(string Name, Func<MetricsDocument, string> Of)> FigureColumns(string name)
    {
        yield return (name, m => Csv.Number(m.Mean(name)));
        if (!WithInterval.Contains(name, StringComparer.Ordinal)) yield break;
        yield return ($"{name}_ci_low", m => Csv.Number(m.Figures[name].Low));
        yield return ($"{name}_ci_high", m => Csv.Number(m.Figures[name].High));
    }
}
