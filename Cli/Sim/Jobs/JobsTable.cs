using InferMesh.Cli.Sim.Report;
using Spectre.Console;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary>The result on the terminal.</summary>
internal static class JobsTable
{
    /// <summary>Columns of the table and of that of the page.</summary>
    public static IReadOnlyList<(string Figure, string Title, Func<double, string> Text)> Columns { get; } =
    [
        (JobFigures.JctMean, "JCT mean", JobsConclusion.Hours), ("jct_p50_s", "p50", JobsConclusion.Hours), ("jct_p95_s", "p95", JobsConclusion.Hours), ("jct_p99_s", "p99", JobsConclusion.Hours),
        ("makespan_s", "makespan", JobsConclusion.Hours), (JobFigures.WaitMean, "wait mean", JobsConclusion.Hours), (JobFigures.Utilisation, "held", Words.Percent),
        (JobFigures.Fragmentation, "fragments", Words.Percent), (JobFigures.RackEdges, "rack edges", Plain), (JobFigures.ZoneEdges, "zone edges", Plain), (JobFigures.Inflation, "step inflation", Plain),
        ("preemptions", "preempted", Plain), ("restarts", "restarts", Plain), (JobFigures.Lost, "lost GPU h", Plain), (JobFigures.UnmetSeconds, "unmet serving s", Plain), (JobFigures.Fairness, "fairness", Plain),
    ];

    public static void Write(TextWriter output, IReadOnlyList<JobsSummary> all)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumn("strategy");
        foreach (var (_, title, _) in Columns) table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var summary in all) table.AddRow([.. Columns.Select(c => Cell(summary, c.Figure, c.Text)).Prepend(summary.Strategy).Select(Markup.Escape)]);
        var console = PlainConsole.Create(output);
        console.Profile.Width = 320;
        console.Write(table);
        foreach (var sentence in JobsConclusion.Of(all)) output.WriteLine($"- {sentence}");
    }

    private static string Cell(JobsSummary summary, string figure, Func<double, string> text)
    {
        var interval = summary.Figures[figure];
        return figure is JobFigures.JctMean or JobFigures.Inflation && interval.High is { } high ? $"{text(interval.Mean)} ±{text(high - interval.Mean)}" : text(interval.Mean);
    }

    private static string Plain(double value) => Words.Digits(value, 3);
}
