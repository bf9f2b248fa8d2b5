using System.Net;
using System.Text;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Matrix;

/// <summary>The curves of a sweep: over its first dimension with several values, a group of charts per place in the others.</summary>
internal static class SweepPage
{
    public static string Write(IReadOnlyList<MatrixCell> cells, MatrixResult result, string configYaml)
    {
        var html = new StringBuilder();
        Page.Begin(html, "Simulation sweep");
        html.Append($"<p class=\"lead\">{cells.Count} places of the matrix, {result.Rows.Select(static r => r.Strategy).Distinct(StringComparer.Ordinal).Count()} strategies, {result.Rows.Select(static r => r.Text("seeds")).FirstOrDefault("0")} seeds. Bars: 95 % intervals.</p>");
        foreach (var (cell, reason) in result.Failed) html.Append($"<p class=\"warn\">{Html(cell)}: {Html(reason)}</p>");
        foreach (var doubt in result.Doubts) html.Append($"<p class=\"warn\">{Html(doubt)}</p>");
        if (result.Missing > 0) html.Append($"<p class=\"warn\">Incomplete: {result.Missing} places were not run.</p>");
        Page.Legend(html, result.Rows.Select(static r => r.Strategy).Distinct(StringComparer.Ordinal));
        foreach (var (where, charts) in Groups(cells, result))
            html.Append($"<section><h2>{Html(where == "" ? "Curves" : where)}</h2><div class=\"charts\">").AppendJoin("", charts.Select(static c => c.Svg())).Append("</div></section>");
        html.Append($"<details><summary>Configuration that was varied</summary><pre>{Html(configYaml)}</pre></details>");
        Page.End(html);
        return html.ToString();
    }

    /// <summary>The charts by place in the dimensions that are not the x axis.</summary>
    public static IEnumerable<(string Where, IReadOnlyList<LineChart> Charts)> Groups(IReadOnlyList<MatrixCell> cells, MatrixResult result)
    {
        var dimensions = cells[0].Place.Select(static p => p.Dimension).ToArray();
        var x = Array.Find(dimensions, d => result.Rows.Select(r => r.Text(d)).Distinct(StringComparer.Ordinal).Count() > 1) ?? dimensions[0];
        var others = dimensions.Where(d => d != x).ToArray();
        return result.Rows.GroupBy(r => string.Join(", ", others.Select(d => $"{d} {r.Text(d)}")), StringComparer.Ordinal)
            .Select(g => (g.Key, (IReadOnlyList<LineChart>)[.. MatrixCharts.Plotted.Select(p => MatrixCharts.Chart([.. g], x, p, ""))]));
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
