using System.Net;
using System.Text;
using InferMesh.Cli.Sim.Output;

namespace InferMesh.Cli.Sim.Report;

/// <summary>Latencies by request type, SLO class and tenant, folded away.</summary>
internal static class GroupTables
{
    public static void Write(StringBuilder html, IReadOnlyList<MetricsDocument> all)
    {
        var types = all.SelectMany(static m => m.LatencyByType.Keys).Where(static t => t != "all").Distinct(StringComparer.Ordinal).ToArray();
        if (types.Length > 1)
        {
            Table(html, "By request type", ["type", "strategy", "TTFT p99", "E2E p50", "E2E p99", "completed"], types.SelectMany(type => all.Where(m => m.LatencyByType.ContainsKey(type)).Select(m => new[]
            {
                type, m.Strategy, Words.Ms(m.TtftByType[type].P99Ms), Words.Ms(m.LatencyByType[type].P50Ms), Words.Ms(m.LatencyByType[type].P99Ms), Words.Count(m.LatencyByType[type].Count),
            })));
        }
        Groups(html, "By SLO class", "class", all, static m => m.BySloClass);
        if (all.Any(static m => m.ByTenant.Count > 1)) Groups(html, "By tenant (the ten with most requests)", "tenant", all, static m => m.ByTenant);
    }

    private static void Groups(StringBuilder html, string title, string what, IReadOnlyList<MetricsDocument> all, Func<MetricsDocument, IReadOnlyDictionary<string, GroupDocument>> of)
    {
        var names = all.SelectMany(m => of(m).Keys).Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length == 0) return;
        Table(html, title, [what, "strategy", "TTFT p99", "E2E p50", "E2E p99", "SLO met", "completed"], names.SelectMany(name => all.Where(m => of(m).ContainsKey(name)).Select(m => (m.Strategy, Group: of(m)[name])).Select(x => new[]
        {
            name, x.Strategy, Words.Ms(x.Group.Ttft.P99Ms), Words.Ms(x.Group.Latency.P50Ms), Words.Ms(x.Group.Latency.P99Ms),
            x.Group.SloAttainment is { } met ? Words.Percent(met) : "-", Words.Count(x.Group.Latency.Count),
        })));
    }

    private static void Table(StringBuilder html, string title, string[] columns, IEnumerable<string[]> rows)
    {
        html.Append($"<details><summary>{title}</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\"><table><thead><tr>");
        foreach (var column in columns) html.Append($"<th scope=\"col\">{column}</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append($"<tr><th scope=\"row\">{WebUtility.HtmlEncode(row[0])}</th>");
            foreach (var cell in row.Skip(1)) html.Append($"<td>{WebUtility.HtmlEncode(cell)}</td>");
            html.Append("</tr>");
        }
        html.Append("</tbody></table></div></details>");
    }
}
