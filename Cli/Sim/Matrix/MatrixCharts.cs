using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Matrix;

/// <summary>Curves of a matrix: one figure over one dimension, a line per strategy.</summary>
internal static class MatrixCharts
{
    public static readonly (string Column, string Title, string Unit, bool IsLog)[] Plotted =
    [
        (Figures.TtftP99, "TTFT p99", "milliseconds", true),
        (Figures.E2eP99, "E2E p99", "milliseconds", true),
        (Figures.SloAttainment, "SLO attainment", "share of requests", false),
        (Figures.CostPer1kSloMetTokens, "Cost of 1k SLO-met tokens", "US dollars", true),
    ];

    public static LineChart Chart(IReadOnlyList<MatrixRow> rows, string dimension, (string Column, string Title, string Unit, bool IsLog) plotted, string where)
    {
        var lines = rows.GroupBy(static r => r.Strategy, StringComparer.Ordinal).Select(g =>
        {
            var points = g.Select(r => (X: Value(r.Text(dimension)), Y: r.Number(plotted.Column), Half: r.Number($"{plotted.Column}_ci"))).OrderBy(static p => p.X).ToArray();
            return new Line(g.Key, [.. points.Select(static p => (p.X, p.Y))], [.. points.Select(static p => double.IsFinite(p.Half) ? ((double, double)?)(p.Y - p.Half, p.Y + p.Half) : null)]);
        }).ToArray();
        var all = lines.SelectMany(static l => l.Points).ToArray();
        var y = plotted.IsLog ? Axis.Log(all.Select(static p => p.Y)) : Axis.Linear(all.Select(static p => p.Y).Append(1));
        return new($"{plotted.Title}{(where == "" ? "" : $", {where}")}", dimension, plotted.Unit, Axis.At([.. all.Select(static p => p.X).Distinct().Order()]), y, lines) { Dots = true };
    }

    /// <summary>A value of a dimension as a number: a time in seconds, or as it is.</summary>
    public static double Value(string text) => MatrixValue.TryNumber(text, out var value) ? value : double.NaN;
}
