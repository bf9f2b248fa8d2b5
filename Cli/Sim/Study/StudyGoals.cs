using System.Globalization;
using System.Text;
using InferMesh.Cli.Sim.Matrix;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Study;

/// <summary>What the study was set up to show, goal by goal: met or not, from its own tables.</summary>
internal static class StudyGoals
{
    private const string Crowded = "750 users";

    public static void Write(StringBuilder page, MatrixResult study, MatrixResult prefix)
    {
        page.Append("\n## Goals\n\n| goal | found | met |\n|---|---|---|\n");
        var losses = StudyFindings.Losses(study.Rows).ToArray();
        var compared = study.Rows.Count(static r => StudyFindings.IsMesh(r.Strategy)) * MatrixTable.Judged.Length;
        Line(page, "no strategy of the mesh family loses to round robin at p99 or cost beyond the interval", $"{losses.Length} of {compared} comparisons lost", losses.Length == 0);

        MatrixRow[] hybrid = [.. study.Rows.Where(static r => r.Strategy == "hybrid_mesh" && r.Text("rho") == "0.8" && r.Text("fleet") == "mixed" && r.Text("staleness") == "1s")];
        Each(page, "hybrid_mesh at 0.8, mixed, stale: TTFT p99 at least 2 times better than round robin", hybrid, r => StudyFindings.Ratio(Beside(study, r, Conclusion.Baseline), r, Figures.TtftP99), 2, atLeast: true);
        Each(page, "the same of E2E p99", hybrid, r => StudyFindings.Ratio(Beside(study, r, Conclusion.Baseline), r, Figures.E2eP99), 2, atLeast: true);
        Each(page, "the same: cost per 1k SLO-met tokens at most 0.6 times round robin's", hybrid, r => StudyFindings.Ratio(r, Beside(study, r, Conclusion.Baseline), Figures.CostPer1kSloMetTokens), 0.6, atLeast: false);
        MatrixRow[] loaded = [.. study.Rows.Where(static r => r.Strategy == "hybrid_mesh" && r.Number("rho") <= 0.8)];
        Each(page, "hybrid_mesh up to 0.8: TTFT p99 at most 1.15 times the oracle's", loaded, r => StudyFindings.Ratio(r, Beside(study, r, Conclusion.Bound), Figures.TtftP99), 1.15, atLeast: false);
        Each(page, "the same of E2E p99; the oracle knows how long each answer will be", loaded, r => StudyFindings.Ratio(r, Beside(study, r, Conclusion.Bound), Figures.E2eP99), 1.15, atLeast: false);

        if (prefix.Rows.Count == 0) return;
        var loads = prefix.Rows.Select(static r => r.Text("load")).Distinct(StringComparer.Ordinal).ToArray();
        var ordered = loads.Count(l => Tokens(prefix, l, "precise") > Tokens(prefix, l, "approximate") && Tokens(prefix, l, "approximate") > Tokens(prefix, l, "none"));
        Line(page, "shared prefixes: tokens/s precise > approximate > unaware (power_of_two, a random pair)", $"at {ordered} of {loads.Length} loads", loads.Length > 0 && ordered == loads.Length);
        var more = Tokens(prefix, Crowded, "precise") / Tokens(prefix, Crowded, "none");
        Line(page, $"shared prefixes, precise, {Crowded}: at least 1.9 times the tokens/s of unaware", $"{Words.Digits(more, 3)} times", more >= 1.9);
        var sooner = Row(prefix, Crowded, "none") is { } none && Row(prefix, Crowded, "precise") is { } precise ? StudyFindings.Ratio(none, precise, "ttft_p90_ms") : double.NaN;
        Line(page, "the same: TTFT p90 at least 10 times better", $"{Words.Digits(sooner, 3)} times", sooner >= 10);
    }

    private static void Each(StringBuilder page, string goal, IReadOnlyList<MatrixRow> rows, Func<MatrixRow, double> figure, double limit, bool atLeast)
    {
        double[] found = [.. rows.Select(figure).Where(double.IsFinite).Order()];
        if (found.Length == 0) return;
        var met = found.Count(f => atLeast ? f >= limit : f <= limit);
        Line(page, goal, $"in {met} of {found.Length} places; {Words.Digits(found[0], 3)} to {Words.Digits(found[^1], 3)}, median {Words.Digits(found[found.Length / 2], 3)}", met == found.Length);
    }

    private static void Line(StringBuilder page, string goal, string found, bool met) => page.Append(CultureInfo.InvariantCulture, $"| {goal} | {found} | {(met ? "yes" : "**no**")} |\n");

    private static MatrixRow? Beside(MatrixResult study, MatrixRow row, string strategy) => StudyFindings.Beside(study.Rows, row, strategy, StudyPage.Dimensions);

    private static MatrixRow? Row(MatrixResult prefix, string load, string index) =>
        prefix.Rows.FirstOrDefault(r => r.Text("load") == load && r.Text("index") == index && r.Strategy == (index == "none" ? PrefixScenario.Unaware : "prefix_mesh"));

    private static double Tokens(MatrixResult prefix, string load, string index) => Row(prefix, load, index)?.Number("tokens_per_second") ?? double.NaN;
}
