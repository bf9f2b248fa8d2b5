using System.CommandLine;
using System.Globalization;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;
using Spectre.Console;

namespace InferMesh.Cli.Sim.Commands;

/// <summary><c>infermesh sim compare</c>: the tables of one or several result folders side by side.</summary>
internal static class CompareCommand
{
    private static readonly (string Column, string Title, Func<double, string> Text)[] Shown =
    [
        (Figures.TtftP99, "TTFT p99", Words.Ms), ("p95_latency", "E2E p95", Words.Ms), ("p99_latency", "E2E p99", Words.Ms),
        (Figures.SloAttainment, "SLO met", Words.Percent), ("utilization", "busy", Words.Percent),
        ("cost_per_1k_tokens", "$/1k tokens", static v => Words.Digits(v, 3)), (Figures.CostPer1kSloMetTokens, "$/1k SLO-met", static v => Words.Digits(v, 3)),
    ];

    public static Command Create()
    {
        var results = new Option<string[]>("--results", "-r") { Description = "Folder that 'infermesh sim run' wrote; may be repeated.", Required = true };
        var output = new Option<string?>("--output", "-o") { Description = "File for the table as CSV." }.NotEmpty();
        var command = new Command("compare", "Compare result folders; the last column is E2E p99 over that of the same strategy in the first folder, or of baseline_rr when there is one folder.") { results, output };
        command.SetAction(parsed =>
        {
            var folders = parsed.GetRequiredValue(results).Distinct(StringComparer.Ordinal).ToArray();
            var tables = folders.Select(static f => (Folder: f, Table: ResultFolder.ReadComparison(f))).ToArray();
            var rows = tables.SelectMany(static t => t.Table.Rows.Select(r => new Row(t.Folder, Named(t.Table.Columns, r)))).ToArray();
            Print(parsed.InvocationConfiguration.Output, rows, folders);
            if (parsed.GetValue(output) is { } path) AtomicFile.Write(path, ToCsv([.. tables.SelectMany(static t => t.Table.Columns).Distinct(StringComparer.Ordinal)], rows));
        });
        return command;
    }

    private static Dictionary<string, string> Named(IReadOnlyList<string> columns, IReadOnlyList<string> fields) =>
        columns.Zip(fields).ToDictionary(static p => p.First, static p => p.Second, StringComparer.Ordinal);

    private static void Print(TextWriter output, Row[] rows, string[] folders)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumn("results").AddColumn("strategy");
        foreach (var (_, title, _) in Shown) table.AddColumn(new TableColumn(title).RightAligned());
        table.AddColumn(new TableColumn(folders.Length > 1 ? "E2E p99 ratio" : "against baseline_rr").RightAligned());
        foreach (var row in rows)
        {
            var reference = folders.Length > 1 ? Array.Find(rows, r => r.Folder == folders[0] && r.Strategy == row.Strategy) : Array.Find(rows, static r => r.Strategy == Conclusion.Baseline);
            var ratio = reference is not null && reference != row && reference.Number("p99_latency") is > 0 and { } of && row.Number("p99_latency") is { } own ? Words.Digits(own / of, 3) : "-";
            table.AddRow([.. new[] { row.Folder, row.Values.GetValueOrDefault("complete") == "false" ? $"{row.Strategy} (incomplete)" : row.Strategy }
                .Concat(Shown.Select(c => row.Number(c.Column) is { } value ? c.Text(value) : "-")).Append(ratio).Select(Markup.Escape)]);
        }
        PlainConsole.Create(output).Write(table);
    }

    private static string ToCsv(string[] columns, Row[] rows)
    {
        var csv = new Csv(["results", .. columns]);
        foreach (var row in rows) csv.Row([row.Folder, .. columns.Select(c => row.Values.GetValueOrDefault(c, ""))]);
        return csv.ToString();
    }

    private sealed record Row(string Folder, Dictionary<string, string> Values)
    {
        public string Strategy => Values["strategy"];

        public double? Number(string column) =>
            double.TryParse(Values.GetValueOrDefault(column), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
