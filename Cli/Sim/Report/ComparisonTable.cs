using System.Net;
using System.Text;
using InferMesh.Cli.Sim.Output;

namespace InferMesh.Cli.Sim.Report;

/// <summary>The table of the page: a row per strategy, with intervals, the best of each column marked.</summary>
internal static class ComparisonTable
{
    private static readonly (string Figure, string Title, Func<double, string> Text)[] Columns =
    [
        ("ttft_p50_ms", "TTFT p50", Words.Ms),
        (Figures.TtftP99, "TTFT p99", Words.Ms),
        ("tpot_p50_ms", "TPOT p50", Words.Ms),
        ("e2e_p50_ms", "E2E p50", Words.Ms),
        (Figures.E2eP99, "E2E p99", Words.Ms),
        ("queue_wait_mean_ms", "wait mean", Words.Ms),
        (Figures.SloAttainment, "SLO met", Words.Percent),
        ("goodput_rps", "goodput req/s", static v => Words.Digits(v, 4)),
        ("completed_share", "completed", Words.Percent),
        (Figures.Utilisation, "utilisation", Words.Percent),
        (Figures.CostPer1kTokens, "$ per 1k tokens", Words.Dollars),
        (Figures.CostPer1kSloMetTokens, "$ per 1k SLO-met tokens", Words.Dollars),
    ];

    public static void Write(StringBuilder html, IReadOnlyList<MetricsDocument> all)
    {
        var baseline = all.FirstOrDefault(static m => m.Strategy == Conclusion.Baseline);
        html.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Comparison\"><table id=\"comparison\"><caption>Means over the seeds; small print: half the width of the 95 % interval. <b>Bold</b>: the best of the column. Choose a heading to sort.</caption><thead><tr><th scope=\"col\"><button type=\"button\">strategy</button></th>");
        foreach (var column in Columns) html.Append($"<th scope=\"col\"><button type=\"button\">{column.Title}</button></th>");
        if (baseline is not null && all.Count > 1) html.Append($"<th scope=\"col\"><button type=\"button\">E2E p99 against {Conclusion.Baseline}</button></th>");
        html.Append("</tr></thead><tbody>");
        foreach (var metrics in all)
        {
            html.Append($"<tr data-strategy=\"{Html(metrics.Strategy)}\"><th scope=\"row\">{Html(metrics.Strategy)}{(metrics.Complete ? "" : " <span class=\"warn\">incomplete</span>")}</th>");
            foreach (var column in Columns) Cell(html, all, metrics, column.Figure, column.Text);
            if (baseline is not null && all.Count > 1) Against(html, metrics, baseline);
            html.Append("</tr>");
        }
        html.Append("</tbody></table></div>");
    }

    private static void Cell(StringBuilder html, IReadOnlyList<MetricsDocument> all, MetricsDocument metrics, string figure, Func<double, string> text)
    {
        var interval = metrics.Figures[figure];
        if (metrics.IsMissing(figure))
        {
            html.Append("<td data-value=\"1e99\">-</td>");
            return;
        }
        var better = Figures.Get(figure).Better;
        var values = all.Where(m => m.Strategy != Conclusion.Bound && !m.IsMissing(figure)).Select(m => m.Mean(figure)).ToArray();
        var best = metrics.Strategy != Conclusion.Bound && values.Length > 1 && values.Max() > values.Min() && better switch
        {
            Better.Lower => interval.Mean <= values.Min(),
            Better.Higher => interval.Mean >= values.Max(),
            _ => false,
        };
        html.Append($"<td data-value=\"{Csv.Number(interval.Mean)}\">{(best ? $"<b>{text(interval.Mean)}</b>" : text(interval.Mean))}");
        if (interval.High is { } high) html.Append($"<small>±{text(high - interval.Mean)}</small>");
        html.Append("</td>");
    }

    private static void Against(StringBuilder html, MetricsDocument metrics, MetricsDocument baseline)
    {
        var verdict = Verdict.Of(Figures.E2eP99, metrics, baseline);
        if (metrics == baseline || !double.IsFinite(verdict.Ratio))
        {
            html.Append("<td data-value=\"1\">-</td>");
            return;
        }
        var (css, word) = verdict.Kind switch
        {
            VerdictKind.Better => ("good", "better"),
            VerdictKind.Worse => ("bad", "worse"),
            VerdictKind.Same => ("", "no difference"),
            _ => ("", "one seed"),
        };
        html.Append($"<td data-value=\"{Csv.Number(verdict.Ratio)}\">{Words.Digits(verdict.Ratio, 3)}<small class=\"{css}\">{word}</small></td>");
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
