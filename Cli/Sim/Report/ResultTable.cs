using InferMesh.Cli.Sim.Output;
using Spectre.Console;

namespace InferMesh.Cli.Sim.Report;

/// <summary>The result on the terminal: a table as in the page, and what it says.</summary>
internal static class ResultTable
{
    public static void Write(TextWriter output, IReadOnlyList<MetricsDocument> all)
    {
        var console = PlainConsole.Create(output);
        var table = new Table().Border(TableBorder.Markdown).AddColumn("strategy");
        foreach (var title in new[] { "TTFT p50", "TTFT p99", "E2E p50", "E2E p99", "SLO met", "completed", "busy", "$/1k tokens", "$/1k SLO-met" })
            table.AddColumn(new TableColumn(Markup.Escape(title)).RightAligned());
        foreach (var m in all)
        {
            table.AddRow([.. new[]
            {
                m.Complete ? m.Strategy : $"{m.Strategy} (incomplete)",
                Words.Ms(m.Mean("ttft_p50_ms")), WithMargin(m, Figures.TtftP99), Words.Ms(m.Mean("e2e_p50_ms")), WithMargin(m, Figures.E2eP99),
                Words.Percent(m.Mean(Figures.SloAttainment)), Words.Percent(m.Mean("completed_share")), Words.Percent(m.Mean(Figures.Utilisation)),
                Words.Digits(m.Mean(Figures.CostPer1kTokens), 3),
                !m.IsMissing(Figures.CostPer1kSloMetTokens) ? Words.Digits(m.Mean(Figures.CostPer1kSloMetTokens), 3) : "-",
            }.Select(Markup.Escape)]);
        }
        console.Write(table);
        foreach (var sentence in Conclusion.Of(all)) output.WriteLine($"- {sentence}");
    }

    private static string WithMargin(MetricsDocument metrics, string figure) => metrics.Figures[figure] is { High: { } high, Mean: var mean }
        ? $"{Words.Ms(mean)} ±{Words.Ms(high - mean)}"
        : Words.Ms(metrics.Mean(figure));
}
