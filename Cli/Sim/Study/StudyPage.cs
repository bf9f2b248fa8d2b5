using System.Globalization;
using System.Text;
using InferMesh.Cli.Sim.Matrix;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Study;

/// <summary>The study as a page of Markdown, generated from its tables.</summary>
internal static class StudyPage
{
    public static readonly string[] Dimensions = ["workload", "fleet", "staleness", "cells", "rho"];

    public static string Write(StudySize size, int seeds, MatrixResult study, MatrixResult prefix, string imageFolder)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Results: the strategy study

            **Everything here is synthetic**: a model of a fleet, no measurement of one. The page is generated; do not edit it.

                infermesh sim study --{size.Name} --seeds {seeds} --output DIR --docs docs/results.md

            (`make study`, `make study-full`.) {study.Rows.Select(Place).Distinct(StringComparer.Ordinal).Count()} places: load {string.Join(", ", size.Rhos)} of what the fleet can serve; {string.Join(" or ", size.Fleets)} fleet of {StudyMatrix.Nodes} nodes
            (mixed: H100, A100 and L40S 2:1:1, a quarter of them cut into two slices); view of the fleet {string.Join(" or ", size.Staleness)}; {string.Join(" or ", size.Cells)} cells, WAN between them; short chat, bursts like
            those of the Azure code trace, and chats with shared prefixes. A chat is in time with the first token within 450 ms and 40 ms per token (what the interactive scenario of
            MLPerf Inference v5.0 asks for), a completion with the first token within 1 s and the last within 4 s. {seeds} seeds, {size.HorizonSeconds} s each, every strategy meets the same requests.
            Figures are means over the seeds; *better* and *worse* mean that the 95 % interval of the paired difference excludes zero and the
            difference exceeds 1 %, the resolution of a quantile. With so many comparisons at 95 %, about one in forty that are no different is called worse by chance.

            """);
        if (study.Failed.Count + study.Missing + prefix.Failed.Count + prefix.Missing > 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n**Incomplete**: {study.Missing + prefix.Missing} places were not run, {study.Failed.Count + prefix.Failed.Count} failed.\n\n");
            foreach (var (cell, reason) in study.Failed.Concat(prefix.Failed)) page.Append(CultureInfo.InvariantCulture, $"- {cell}: {reason}\n");
        }

        StudyGoals.Write(page, study, prefix);
        Scores(page, study);
        Losses(page, study);
        Hybrid(page, study);
        if (prefix.Rows.Count > 0) Prefix(page, prefix);
        Curves(page, study, imageFolder);
        return page.ToString();
    }

    /// <summary>The curves of one workload: both fleets, stale, in the greatest number of cells.</summary>
    public static IReadOnlyList<LineChart> Charts(IReadOnlyList<MatrixRow> rows, string workload)
    {
        var own = rows.Where(r => r.Text("workload") == workload && r.Text("staleness") != "fresh").ToArray();
        if (own.Length == 0) return [];
        var cells = own.Max(static r => r.Number("cells"));
        return
        [
            .. from plotted in MatrixCharts.Plotted
               from fleet in own.Select(static r => r.Text("fleet")).Distinct(StringComparer.Ordinal)
               select MatrixCharts.Chart([.. own.Where(r => r.Text("fleet") == fleet && r.Number("cells") == cells)], "rho", plotted, $"{fleet}, 1 s stale, {cells} {(cells == 1 ? "cell" : "cells")}"),
        ];
    }

    private static void Scores(StringBuilder page, MatrixResult study)
    {
        page.Append("\n## Against round robin\n\nPlaces where a strategy is better / no different / worse than `baseline_rr`.\n\n| strategy | TTFT p99 | E2E p99 | cost per 1k SLO-met tokens |\n|---|---|---|---|\n");
        foreach (var (strategy, counts) in StudyFindings.Scores(study.Rows))
            page.Append(CultureInfo.InvariantCulture, $"| `{strategy}` | {string.Join(" | ", counts.Select(static c => $"{c.Better} / {c.Same} / {c.Worse}"))} |\n");
    }

    private static void Losses(StringBuilder page, MatrixResult study)
    {
        page.Append("\n## Where the mesh family loses to round robin\n\n");
        var losses = StudyFindings.Losses(study.Rows).ToArray();
        if (losses.Length == 0)
        {
            page.Append("Nowhere, at p99 or cost, beyond the interval.\n");
            return;
        }
        page.Append("| workload | fleet | figure | lost, of compared | median, times round robin's | worst | the oracle's median | requests in time, median | round robin's |\n|---|---|---|--:|--:|--:|--:|--:|--:|\n");
        foreach (var kind in losses.GroupBy(static l => (Workload: l.Row.Text("workload"), Fleet: l.Row.Text("fleet"), l.Figure)))
        {
            double[] ratios = [.. kind.Select(static l => l.Ratio).Order()];
            var compared = study.Rows.Count(r => StudyFindings.IsMesh(r.Strategy) && r.Text("workload") == kind.Key.Workload && r.Text("fleet") == kind.Key.Fleet);
            double Median(Func<MatrixRow, double> of) => kind.Select(l => of(l.Row)).Where(double.IsFinite).Order().ToArray() is { Length: > 0 } all ? all[all.Length / 2] : double.NaN;
            MatrixRow? Beside(MatrixRow row, string strategy) => StudyFindings.Beside(study.Rows, row, strategy, Dimensions);
            var oracle = Median(r => StudyFindings.Ratio(Beside(r, Conclusion.Bound), Beside(r, Conclusion.Baseline), kind.Key.Figure));
            var (met, metByBaseline) = (Median(static r => r.Number(Figures.SloAttainment)), Median(r => Beside(r, Conclusion.Baseline)?.Number(Figures.SloAttainment) ?? double.NaN));
            page.Append(CultureInfo.InvariantCulture, $"| {kind.Key.Workload} | {kind.Key.Fleet} | {Figures.Get(kind.Key.Figure).Title} | {kind.Count()} of {compared} | {Words.Digits(ratios[ratios.Length / 2], 3)} | {Words.Digits(ratios[^1], 3)} | {Words.Digits(oracle, 3)} | {Words.Percent(met)} | {Words.Percent(metByBaseline)} |\n");
        }
        page.Append("\nEach of them, with its interval, is in `data/study.csv`: the columns that end in `_verdict`.\n");
        if (losses.All(static l => l.Row.Text("fleet") == "homogeneous"))
            page.Append("""

                All of them are on equal GPUs. Round robin gives each of them every sixteenth request, so prompts follow one another there at the most even distance. The mesh minimises the time of whole
                requests and what they cost others, and puts a prompt behind another one where fewer sequences run. A smaller `throughput_weight` shortens that tail, and costs mixed fleets more
                than it brings. The column of the oracle, which weighs others too, shows how far that is in the nature of the place.

                """);
        if (losses.Any(l => l.Figure == Figures.CostPer1kSloMetTokens && l.Row.Number(Figures.SloAttainment) > (StudyFindings.Beside(study.Rows, l.Row, Conclusion.Baseline, Dimensions)?.Number(Figures.SloAttainment) ?? double.NaN)))
            page.Append("""

                Why cost can be worse while more requests are in time: the figure weighs a request by its tokens. Where bursts exceed what the fleet can serve within the goals, a strategy that
                gives each request its best place keeps the queues of all GPUs equally long, about as long as the goal. The short prompts make it then, the long ones, which need the most of
                the goal for themselves, do not. Round robin leaves some GPUs idle part of the time: what happens to land there is in time whatever its length, the rest is late.
                The column of the oracle, which knows every service time, shows how far that is in the nature of the place.

                """);
    }

    private static void Hybrid(StringBuilder page, MatrixResult study)
    {
        page.Append("\n## hybrid_mesh at 80 % load, mixed fleet, 1 s stale\n\n| workload | cells | TTFT p99, round robin / hybrid | better by | E2E p99, round robin / hybrid | better by | $ per 1k SLO-met tokens, round robin / hybrid | saved | E2E p99 over the oracle's |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
        foreach (var hybrid in study.Rows.Where(static r => r.Strategy == "hybrid_mesh" && r.Text("rho") == "0.8" && r.Text("fleet") == "mixed" && r.Text("staleness") == "1s"))
        {
            var (baseline, oracle) = (StudyFindings.Beside(study.Rows, hybrid, Conclusion.Baseline, Dimensions), StudyFindings.Beside(study.Rows, hybrid, Conclusion.Bound, Dimensions));
            string Pair(string figure, Func<double, string> text) => $"{(baseline is { } b && double.IsFinite(b.Number(figure)) ? text(b.Number(figure)) : "-")} / {text(hybrid.Number(figure))}";
            var (ttft, e2e, cost) = (StudyFindings.Ratio(baseline, hybrid, Figures.TtftP99), StudyFindings.Ratio(baseline, hybrid, Figures.E2eP99), StudyFindings.Ratio(hybrid, baseline, Figures.CostPer1kSloMetTokens));
            page.Append(CultureInfo.InvariantCulture, $"| {hybrid.Text("workload")} | {hybrid.Text("cells")} | {Pair(Figures.TtftP99, Words.Ms)} | {Words.Digits(ttft, 3)} x | {Pair(Figures.E2eP99, Words.Ms)} | {Words.Digits(e2e, 3)} x | {Pair(Figures.CostPer1kSloMetTokens, Words.Dollars)} | {(double.IsFinite(cost) ? Words.Percent(1 - cost) : "-")} | {Words.Digits(StudyFindings.Ratio(hybrid, oracle, Figures.E2eP99), 3)} |\n");
        }
        var near = study.Rows.Where(static r => r.Strategy == "hybrid_mesh" && r.Number("rho") <= 0.8)
            .Select(r => (Row: r, Ratio: StudyFindings.Ratio(r, StudyFindings.Beside(study.Rows, r, Conclusion.Bound, Dimensions), Figures.E2eP99))).Where(static x => double.IsFinite(x.Ratio)).ToArray();
        if (near.Length > 0)
            page.Append(CultureInfo.InvariantCulture, $"\nUp to a load of 0.8 `hybrid_mesh` has an E2E p99 of at most 1.15 times the oracle's in {near.Count(static n => n.Ratio <= 1.15)} of {near.Length} places; the furthest is {Words.Digits(near.Max(static n => n.Ratio), 3)} times ({Place(near.MaxBy(static n => n.Ratio).Row)}).\n");
    }

    private static void Prefix(StringBuilder page, MatrixResult prefix)
    {
        page.Append("""

            ## Shared prefixes that fill 73 % of the caches

            The shape of llm-d's 73-capacity benchmark: 8 replicas of a 32B model on two H100 each, 150 groups of 5 users, 6,000 tokens of system prompt, 1,200 of question, 1,000 of answer.
            Requests come at random, or each of the 750 users asks again as soon as the answer is there. Three routers decide: an approximate index knows what its own router sent, a precise
            one hears of what the engines hold.

            | load | index | strategy | tokens/s | over power_of_two's | TTFT p50 | TTFT p90 | power_of_two's over it | prefix hits | completed |
            |---|---|---|--:|--:|--:|--:|--:|--:|--:|

            """);
        foreach (var row in prefix.Rows.Where(static r => r.Strategy != Conclusion.Baseline || r.Text("index") == "none"))
        {
            var unaware = prefix.Rows.FirstOrDefault(r => r.Strategy == PrefixScenario.Unaware && r.Text("load") == row.Text("load"));
            page.Append(CultureInfo.InvariantCulture, $"| {row.Text("load")} | {row.Text("index")} | `{row.Strategy}` | {Words.Count(row.Number("tokens_per_second"))} | {Words.Digits(StudyFindings.Ratio(row, unaware, "tokens_per_second"), 3)} | {Words.Ms(row.Number("ttft_p50_ms"))} | {Words.Ms(row.Number("ttft_p90_ms"))} | {Words.Digits(StudyFindings.Ratio(unaware, row, "ttft_p90_ms"), 3)} | {Words.Percent(row.Number("prefix_hit_rate"))} | {Words.Percent(row.Number("completed_share"))} |\n");
        }
    }

    private static void Curves(StringBuilder page, MatrixResult study, string imageFolder)
    {
        page.Append("\n## Curves\n");
        foreach (var workload in StudyMatrix.Workloads.Where(w => Charts(study.Rows, w).Count > 0))
            page.Append(CultureInfo.InvariantCulture, $"\n![{workload}: tails, attainment and cost over load (synthetic)]({imageFolder}/study-{workload.Replace('_', '-')}.svg)\n");
    }

    private static string Place(MatrixRow row) => string.Join(' ', Dimensions.Select(d => $"{d}={row.Text(d)}"));
}
