using System.Globalization;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Matrix;

/// <summary>The table of a matrix: a row per cell and strategy, written and read back.</summary>
internal static class MatrixTable
{
    /// <summary>Figures with their 95 % intervals.</summary>
    private static readonly string[] Means =
    [
        "ttft_p50_ms", "ttft_p90_ms", Figures.TtftP99, "e2e_p50_ms", Figures.E2eP99, Figures.SloAttainment, Figures.CostPer1kTokens, Figures.CostPer1kSloMetTokens,
    ];

    private static readonly string[] Plain = ["completed_share", "tokens_per_second", Figures.Utilisation, "busiest_over_mean", "prefix_hit_rate", "hedges_fired_share", "signal_age_ms"];

    /// <summary>Figures that are judged against round robin, with what their columns begin with.</summary>
    public static readonly (string Figure, string Column)[] Judged =
        [(Figures.TtftP99, "ttft_p99"), (Figures.E2eP99, "e2e_p99"), (Figures.CostPer1kSloMetTokens, "cost")];

    /// <summary>Share of a plugin's rankings that its fallback answered; 0 for a strategy of the catalogue.</summary>
    public const string FallbackShare = "fallback_share";

    public static IReadOnlyList<string> Header(IEnumerable<string> dimensions) =>
    [
        .. dimensions, "strategy", "seeds", "arrived",
        .. Means.SelectMany(static f => new[] { f, $"{f}_ci" }), .. Plain, FallbackShare,
        .. Judged.SelectMany(static j => new[] { $"{j.Column}_ratio", $"{j.Column}_verdict" }),
    ];

    public static IEnumerable<IReadOnlyList<string>> Rows(MatrixCell cell, IReadOnlyList<MetricsDocument> all)
    {
        var baseline = all.FirstOrDefault(static m => m.Strategy == Conclusion.Baseline);
        foreach (var m in all)
        {
            yield return
            [
                .. cell.Place.Select(static p => p.Value), m.Strategy, Csv.Number(m.Runs.Count), Csv.Number(m.RequestCounters.Arrived),
                .. Means.SelectMany(f => m.IsMissing(f) ? ["", ""] : new[] { Csv.Number(m.Mean(f)), m.Figures[f].High is { } high ? Csv.Number(high - m.Mean(f)) : "" }),
                .. Plain.Select(f => Csv.Number(m.Mean(f))), Csv.Number(m.Plugin?.FallbackShare ?? 0),
                .. Judged.SelectMany(j => Against(j.Figure, m, baseline)),
            ];
        }
    }

    private static string[] Against(string figure, MetricsDocument metrics, MetricsDocument? baseline)
    {
        if (baseline is null || baseline == metrics) return ["", ""];
        var verdict = Verdict.Of(figure, metrics, baseline);
        return [Csv.Number(verdict.Ratio), verdict.Kind.ToString().ToLowerInvariant()];
    }
}

/// <summary>One row of a matrix's table, read back.</summary>
internal sealed class MatrixRow(IReadOnlyList<string> columns, IReadOnlyList<string> fields)
{
    public string Strategy => Text("strategy");

    public IReadOnlyList<string> Fields => fields;

    public string Text(string column) => columns.Select(static (c, i) => (c, i)).FirstOrDefault(p => p.c == column) is { c: not null } found ? fields[found.i] : "";

    /// <summary>A number, or NaN where there is none.</summary>
    public double Number(string column) => double.TryParse(Text(column), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
