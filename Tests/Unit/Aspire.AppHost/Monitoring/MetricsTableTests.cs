using System.Text.RegularExpressions;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>docs/observability.md lists every metric that the sources make.</summary>
[TestClass]
public sealed partial class MetricsTableTests
{
    private const string Page = "docs/observability.md";
    private const string Begin = "<!-- metrics -->\n";
    private const string End = "<!-- end of metrics -->";
    private static readonly string[] Rooms = ["Api", "Silo", "Grains", "ServiceDefaults", "Strategies.Hosting"];

    [TestMethod]
    public void Page_Table_ListsEveryMetricOfTheSources()
    {
        var page = Repository.Read(Page);
        var (from, to) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1") File.WriteAllText(Path.Combine(Repository.Root, Page), page[..from] + Table() + page[to..]);
        else Assert.AreEqual(Table(), page[from..to], "Run this test with INFERMESH_UPDATE_GOLDEN=1 to write the table anew, and review it.");
    }

    [TestMethod]
    public void Dashboards_Queries_NameMetricsOfTheTable()
    {
        var known = Metrics().Select(static m => m.Prometheus).ToHashSet(StringComparer.Ordinal);
        var asked = Dashboards.All.SelectMany(d => d.Rows).SelectMany(r => r.Panels).SelectMany(p => p.Queries).Select(q => q.Expression)
            .Append(Repository.Read("Aspire.AppHost/monitoring/prometheus/alerts.yml")).Append(Repository.Read("Aspire.AppHost/monitoring/prometheus/recording.yml"));
        var unknown = asked.SelectMany(e => Name().Matches(e).Select(m => Suffix().Replace(m.Value, ""))).Distinct()
            .Where(n => !known.Contains(n) && !known.Contains($"{n}_total")).ToArray();
        Assert.IsEmpty(unknown, "These are asked for, and nobody makes them");
    }

    private static string Table() => "| metric | kind | what |\n|---|---|---|\n" + string.Concat(Metrics().Select(m => $"| `{m.Prometheus}` | {m.Kind} | {m.Text} |\n"));

    private static (string Prometheus, string Kind, string Text)[] Metrics()
    {
        var files = Repository.Files(".cs").Where(f => Rooms.Contains(f.Split('/')[0]));
        return
        [
            .. from file in files
               from Match match in Instrument().Matches(Repository.Read(file))
               let kind = Kind(match.Groups["kind"].Value)
               orderby match.Groups["name"].Value
               select (Exposed(match.Groups["name"].Value, match.Groups["unit"].Value, kind), kind, match.Groups["text"].Value),
        ];
    }

    private static string Kind(string made) => made switch { "CreateCounter" or "CreateObservableCounter" => "counter", "CreateHistogram" => "histogram", _ => "gauge" };

    /// <summary>The name in Prometheus, as OpenTelemetry's rules make it.</summary>
    private static string Exposed(string name, string unit, string kind)
    {
        var suffix = unit switch { "s" => "_seconds", "By" => "_bytes", "Cel" => "_celsius", "W" => "_watts", "{token}/s" => "_per_second", _ when unit.StartsWith('{') => "", _ => throw new InvalidOperationException($"{name}: unit {unit} has no suffix here.") };
        return name.Replace('.', '_') + suffix + (kind == "counter" ? "_total" : "");
    }

    [GeneratedRegex("""(?<kind>Create\w+|Nodes|Targets|Gauge)(?:<\w+>)?\(\s*"(?<name>(?:infermesh|gen_ai)\.[a-z_.]+)",.*?"(?<unit>s|By|Cel|W|\{[a-z_]+\}(?:/s)?)",\s*"(?<text>[^"]+)""", RegexOptions.Singleline)]
    private static partial Regex Instrument();

    [GeneratedRegex(@"\b(?:infermesh|gen_ai_server)_[a-z_]+\b(?!:)")]
    private static partial Regex Name();

    [GeneratedRegex("_(?:bucket|sum|count)$")]
    private static partial Regex Suffix();
}
