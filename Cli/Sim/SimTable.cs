using System.Globalization;
using Spectre.Console;

namespace InferMesh.Cli.Sim;

/// <summary>Prints the comparison for people; times in milliseconds.</summary>
internal static class SimTable
{
    public static void Write(IAnsiConsole console, SimReport report)
    {
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"synthetic=true: {report.Nodes} simulated nodes ({string.Join(" + ", report.GpuMix.Select(g => $"{g.Value} {g.Key}"))}), rho {report.Rho}, {report.DurationSeconds} s, readings every {report.SignalPeriodSeconds} s and {report.SignalDelaySeconds} s late, seed {report.Seed}"));
        var table = new Table().Border(TableBorder.Markdown).AddColumn("strategy");
        foreach (var title in new[] { "completed", "refused", "unfinished", "TTFT p50", "p95", "p99", "E2E p50", "p95", "p99", "busiest/mean" }) table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var r in report.Strategies)
        {
            table.AddRow(
                r.Strategy, $"{r.Completed}", $"{r.Refused}", $"{r.Unfinished}", Ms(r.TtftSeconds.P50), Ms(r.TtftSeconds.P95), Ms(r.TtftSeconds.P99),
                Ms(r.E2eSeconds.P50), Ms(r.E2eSeconds.P95), Ms(r.E2eSeconds.P99), r.BusiestOverMeanShare.ToString("0.00", CultureInfo.InvariantCulture));
        }
        console.Write(table);
    }

    private static string Ms(double? seconds) => seconds is { } s ? (s * 1000).ToString("0", CultureInfo.InvariantCulture) : "-";
}
