using System.Globalization;
using Spectre.Console;

namespace InferMesh.Cli.Replay;

/// <summary>Prints a report for people.</summary>
internal static class ReplayTable
{
    public static void Write(IAnsiConsole console, ReplayReport report)
    {
        var summary = new Table().Border(TableBorder.Markdown).AddColumn("measure").AddColumn(Right("value"));
        Row(summary, "requests", $"{report.Requests}");
        Row(summary, "errors", report.Errors == 0 ? "0" : $"{report.Errors} ({string.Join(", ", report.ErrorsByKind.Select(static pair => $"{pair.Key} {pair.Value}"))})");
        Row(summary, "requests/s", Number(report.RequestsPerSecond));
        Row(summary, "generated tokens/s", Number(report.CompletionTokensPerSecond));
        Row(summary, "max schedule lag", $"{Number(report.MaxScheduleLagMs)} ms");
        Row(summary, "late sends (> 50 ms)", $"{report.LateSends}");
        console.Write(summary);

        var latency = new Table().Border(TableBorder.Markdown).AddColumn("ms").AddColumn(Right("p50")).AddColumn(Right("p95")).AddColumn(Right("p99")).AddColumn(Right("max"));
        Row(latency, "TTFT", report.Ttft);
        Row(latency, "TPOT", report.Tpot);
        Row(latency, "E2E", report.E2e);
        console.Write(latency);

        var nodes = new Table().Border(TableBorder.Markdown).AddColumn("node").AddColumn(Right("requests")).AddColumn(Right("share")).AddColumn(Right("errors")).AddColumn(Right("E2E p95 ms"));
        foreach (var node in report.Nodes)
            Row(nodes, node.Node, $"{node.Requests}", string.Create(CultureInfo.InvariantCulture, $"{node.Share * 100:0.0} %"), $"{node.Errors}", Number(node.E2eP95Ms));
        console.Write(nodes);
    }

    private static TableColumn Right(string title) => new TableColumn(title).RightAligned();

    private static void Row(Table table, string name, Quantiles q)
        => Row(table, name, Number(q.P50Ms), Number(q.P95Ms), Number(q.P99Ms), Number(q.MaxMs));

    private static void Row(Table table, params string[] cells) => table.AddRow([.. cells.Select(Markup.Escape)]);

    private static string Number(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";
}
