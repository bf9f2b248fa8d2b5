using System.Net;
using System.Text;
using InferMesh.Cli.Sim.Output;

namespace InferMesh.Cli.Sim.Report;

/// <summary><c>report.html</c>: one page that needs nothing else. Equal results give equal bytes.</summary>
internal static class ReportPage
{
    public static string Write(string configYaml, IReadOnlyList<MetricsDocument> all)
    {
        var html = new StringBuilder();
        Page.Begin(html, "Simulation report");
        var runs = all.Count == 0 ? [] : all[0].Runs;
        html.Append($"<p class=\"lead\">{all.Count} {(all.Count == 1 ? "strategy" : "strategies")}, {runs.Count} {(runs.Count == 1 ? "seed" : "seeds")}, {Words.Seconds(all.Select(static m => m.HorizonSeconds).DefaultIfEmpty().Max())} simulated each, {Words.Count(all.Select(static m => m.RequestCounters.Arrived).DefaultIfEmpty().Max())} requests that every strategy meets alike.</p>");
        html.Append("<section aria-labelledby=\"h-conclusion\"><h2 id=\"h-conclusion\">What it says</h2><ul>");
        foreach (var sentence in Conclusion.Of(all)) html.Append($"<li>{Html(sentence)}</li>");
        html.Append("</ul></section><section aria-labelledby=\"h-table\"><h2 id=\"h-table\">Strategies</h2>");
        ComparisonTable.Write(html, all);
        html.Append("</section>");
        Page.Legend(html, all.Select(static m => m.Strategy));
        Section(html, "Latency", "Share of completed requests that took at most this long; first seed. Further left is better.", Distributions(all));
        Section(html, "Over time", "First seed. A line that climbs to the end is a queue that never empties.", OverTime(all));
        Section(html, "Utilisation", "Each row is a group of targets in order of the fleet, each column a moment; dark is busy. First seed. Stripes are targets that a strategy spares or drowns.",
            all.Select(static m => $"<div class=\"heat-of\" data-strategy=\"{Html(m.Strategy)}\">{HeatMap.Svg(m.Strategy, m.UtilisationHeat, m.SimulatedSeconds)}</div>"));
        GroupTables.Write(html, all);
        html.Append($"<details><summary>Configuration</summary><pre>{Html(configYaml)}</pre></details>");
        Page.End(html);
        return html.ToString();
    }

    private static IEnumerable<string> Distributions(IReadOnlyList<MetricsDocument> all)
    {
        foreach (var (key, title) in new[] { ("ttft", "Time to first token"), ("e2e", "Whole request"), ("queue_wait", "Wait before a node starts"), ("tpot", "Time per output token") })
        {
            var lines = all.Where(m => m.Cdf.TryGetValue(key, out var cdf) && cdf.Count > 0)
                .Select(m => new Line(m.Strategy, [.. m.Cdf[key].Select(static p => (p[0], p[1] * 100))])).ToArray();
            if (lines.Length == 0) continue;
            var x = Axis.Log(lines.SelectMany(static l => l.Points).Where(static p => p.Y > 0.5).Select(static p => p.X));
            yield return new LineChart(title, "milliseconds, logarithmic", "% of requests", x, Axis.At([0, 25, 50, 75, 90, 100]), lines).Svg();
        }
    }

    private static IEnumerable<string> OverTime(IReadOnlyList<MetricsDocument> all)
    {
        foreach (var (title, unit, of) in new (string, string, Func<SampleDocument, double>)[]
        {
            ("Requests that wait", "requests", static s => s.Waiting),
            ("99th percentile of the time to first token", "milliseconds", static s => s.TtftP99Ms),
            ("Requests completed", "per second", static s => s.CompletedRps),
            ("Mean utilisation", "%", static s => s.Utilisation * 100),
        })
        {
            var lines = all.Where(static m => m.Series.Count > 0).Select(m => new Line(m.Strategy, [.. m.Series.Select(s => (s.Seconds, of(s)))])).ToArray();
            if (lines.Length == 0) continue;
            var points = lines.SelectMany(static l => l.Points).ToArray();
            yield return new LineChart(title, "simulated seconds", unit, Axis.Linear(points.Select(static p => p.X)), Axis.Linear(points.Select(static p => p.Y)), lines).Svg();
        }
    }

    private static void Section(StringBuilder html, string title, string text, IEnumerable<string> charts)
    {
        html.Append($"<section><h2>{title}</h2><p>{text}</p><div class=\"charts\">").AppendJoin("", charts).Append("</div></section>");
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
