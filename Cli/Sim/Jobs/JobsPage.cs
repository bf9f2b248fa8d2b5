using System.Net;
using System.Text;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator.Training;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary><c>report.html</c> of <c>infermesh sim jobs</c>: one page that needs nothing else. Equal results give equal bytes.</summary>
internal static class JobsPage
{
    private const int Points = 200;

    public static string Write(string configYaml, IReadOnlyList<JobsSummary> all)
    {
        var html = new StringBuilder();
        Page.Begin(html, "Training jobs");
        var (jobs, seeds) = (all[0].Runs[0].Jobs.Count, all[0].Runs.Count);
        html.Append($"<p class=\"lead\">{jobs} jobs, {all.Count} {(all.Count == 1 ? "strategy" : "strategies")}, {seeds} {(seeds == 1 ? "seed" : "seeds")}: every strategy meets the same jobs, failures and demand.</p>");
        html.Append("<section aria-labelledby=\"h-conclusion\"><h2 id=\"h-conclusion\">What it says</h2><ul>");
        foreach (var sentence in JobsConclusion.Of(all)) html.Append($"<li>{Html(sentence)}</li>");
        html.Append("</ul></section><section aria-labelledby=\"h-table\"><h2 id=\"h-table\">Strategies</h2>");
        Table(html, all);
        html.Append("</section>");
        Page.Legend(html, all.Select(static s => s.Strategy));
        Section(html, "Jobs", "Share of the jobs of all seeds that have at most this much. Further left is better.", Distributions(all));
        Section(html, "Over time", "First seed.", OverTime(all));
        Section(html, "Means over the seeds", "Thin lines are 95 % intervals.", Bars(all));
        html.Append($"<details><summary>Configuration</summary><pre>{Html(configYaml)}</pre></details>");
        Page.End(html);
        return html.ToString();
    }

    private static void Table(StringBuilder html, IReadOnlyList<JobsSummary> all)
    {
        html.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Comparison\"><table id=\"comparison\"><caption>Means over the seeds; small print: half the width of the 95 % interval. <b>Bold</b>: the best of the column. Choose a heading to sort.</caption><thead><tr><th scope=\"col\"><button type=\"button\">strategy</button></th>");
        foreach (var (figure, title, _) in JobsTable.Columns) html.Append($"<th scope=\"col\"><button type=\"button\" title=\"{Html(JobFigures.Get(figure).Title)}\">{Html(title)}</button></th>");
        html.Append("</tr></thead><tbody>");
        foreach (var summary in all)
        {
            html.Append($"<tr data-strategy=\"{Html(summary.Strategy)}\"><th scope=\"row\">{Html(summary.Strategy)}</th>");
            foreach (var (figure, _, text) in JobsTable.Columns)
            {
                var interval = summary.Figures[figure];
                var value = text(interval.Mean);
                html.Append($"<td data-value=\"{Csv.Number(interval.Mean)}\">{(IsBest(all, summary, figure) ? $"<b>{value}</b>" : value)}");
                if (interval.High is { } high) html.Append($"<small>±{text(high - interval.Mean)}</small>");
                html.Append("</td>");
            }
            html.Append("</tr>");
        }
        html.Append("</tbody></table></div>");
    }

    private static bool IsBest(IReadOnlyList<JobsSummary> all, JobsSummary summary, string figure)
    {
        double[] values = [.. all.Select(s => s.Mean(figure))];
        return values.Max() > values.Min() && JobFigures.Get(figure).Better switch
        {
            Better.Lower => summary.Mean(figure) <= values.Min(),
            Better.Higher => summary.Mean(figure) >= values.Max(),
            _ => false,
        };
    }

    private static IEnumerable<string> Distributions(IReadOnlyList<JobsSummary> all)
    {
        foreach (var (title, unit, log, of) in new (string, string, bool, Func<JobResult, double>)[]
        {
            ("Submission to end (JCT)", "hours, logarithmic", true, static j => j.JctSeconds / 3600),
            ("Wait in the queue", "hours", false, static j => j.WaitSeconds / 3600),
            ("Step time over the best place's", "times, logarithmic", true, static j => j.StepInflation),
            ("Ring edges between racks", "edges", false, static j => j.RackEdges),
        })
        {
            var lines = all.Select(s => new Line(s.Strategy, Cdf([.. s.Runs.SelectMany(static r => r.Jobs).Select(of).Order()]))).ToArray();
            var values = lines.SelectMany(static l => l.Points).Select(static p => p.X).ToArray();
            yield return new LineChart(title, unit, "% of jobs", log ? Axis.Log(values) : Axis.Linear(values), Axis.At([0, 25, 50, 75, 90, 100]), lines).Svg();
        }
    }

    private static IReadOnlyList<(double X, double Y)> Cdf(double[] sorted)
    {
        var step = Math.Max(1, sorted.Length / Points);
        return [.. Enumerable.Range(0, sorted.Length).Where(i => i % step == 0 || i == sorted.Length - 1).Select(i => (sorted[i], (i + 1) * 100.0 / sorted.Length))];
    }

    private static IEnumerable<string> OverTime(IReadOnlyList<JobsSummary> all)
    {
        foreach (var (title, unit, of) in new (string, string, Func<TrainingSample, double>)[]
        {
            ("GPUs held", "% of those that jobs could hold", static s => s.Open > 0 ? s.Held / s.Open * 100 : 0),
            ("Fragments: free GPUs beside held ones", "% of GPUs that jobs could hold", static s => s.Open > 0 ? s.Fragments / s.Open * 100 : 0),
            ("Jobs that wait", "jobs", static s => s.Waiting),
            ("GPUs of serving that jobs hold", "GPUs", static s => s.Lent),
        })
        {
            var lines = all.Select(s => new Line(s.Strategy, [.. s.Runs[0].Series.Select(p => (p.Seconds / 3600, of(p)))])).ToArray();
            var points = lines.SelectMany(static l => l.Points).ToArray();
            yield return new LineChart(title, "simulated hours", unit, Axis.Linear(points.Select(static p => p.X)), Axis.Linear(points.Select(static p => p.Y)), lines).Svg();
        }
    }

    private static IEnumerable<string> Bars(IReadOnlyList<JobsSummary> all)
    {
        foreach (var (figure, unit, scale) in new[]
        {
            (JobFigures.JctMean, "hours", 3600.0), (JobFigures.WaitMean, "hours", 3600.0), (JobFigures.Inflation, "times", 1.0), (JobFigures.RackEdges, "edges of a job", 1.0), (JobFigures.ZoneEdges, "edges of a job", 1.0),
            (JobFigures.Lost, "GPU hours", 1.0), (JobFigures.UnmetSeconds, "seconds", 1.0), (JobFigures.UnmetGpuSeconds, "GPU seconds", 1.0), (JobFigures.Fairness, "index", 1.0),
        })
            yield return new BarChart(JobFigures.Get(figure).Title, unit, [.. all.Select(s => (s.Strategy, Of: s.Figures[figure])).Select(s => new Bar(s.Strategy, s.Of.Mean / scale, s.Of.Low / scale, s.Of.High / scale))]).Svg();
    }

    private static void Section(StringBuilder html, string title, string text, IEnumerable<string> charts) =>
        html.Append($"<section><h2>{title}</h2><p>{text}</p><div class=\"charts\">").AppendJoin("", charts).Append("</div></section>");

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
