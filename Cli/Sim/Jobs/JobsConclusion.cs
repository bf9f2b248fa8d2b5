using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary>What the runs say, in a few plain sentences; each is checked against the interval over seeds.</summary>
internal static class JobsConclusion
{
    public static IReadOnlyList<string> Of(IReadOnlyList<JobsSummary> all)
    {
        var sentences = new List<string>();
        if (all.Count == 1) sentences.Add($"{all[0].Strategy}: a job takes {Hours(all[0].Mean(JobFigures.JctMean))} from submission to end, of which it waits {Hours(all[0].Mean(JobFigures.WaitMean))}; its steps take {Words.Digits(all[0].Mean(JobFigures.Inflation), 3)} times what they take in the best place.");
        else
        {
            sentences.Add(Extremes(all, JobFigures.JctMean, "mean time from submission to end", Hours));
            sentences.Add(Extremes(all, JobFigures.Inflation, "step time over that in the best place", static v => Words.Digits(v, 3)));
        }
        if (all.Any(static s => s.Mean(JobFigures.UnmetSeconds) > 0))
            sentences.Add($"Serving lacked GPUs that jobs had not left yet for {string.Join(", ", all.Select(static s => $"{Words.Digits(s.Mean(JobFigures.UnmetSeconds), 3)} s with {s.Strategy}"))}.");
        sentences.AddRange(all.Select(static s => PluginDocument.Sum(s.Runs.Select(static r => r.Plugin))?.Doubt(s.Strategy, "placements")).OfType<string>());
        if (all[0].Runs.Count < 2) sentences.Add("One seed only: nothing here says how much is chance. Run again with --seeds 5.");
        return sentences;
    }

    /// <summary>Seconds as hours.</summary>
    public static string Hours(double seconds) => $"{Words.Digits(seconds / 3600, 3)} h";

    private static string Extremes(IReadOnlyList<JobsSummary> all, string figure, string what, Func<double, string> text)
    {
        var (best, worst) = (all.MinBy(s => s.Mean(figure))!, all.MaxBy(s => s.Mean(figure))!);
        if (worst.Mean(figure) <= best.Mean(figure) * (1 + Verdict.Resolution)) return $"All strategies are equal in the {what} ({text(best.Mean(figure))}).";
        var holds = best.Against(worst, figure).Kind switch
        {
            VerdictKind.Better => ", a difference that holds over the seeds",
            VerdictKind.Unknown => "",
            _ => ", but the seeds cannot tell that from chance",
        };
        var ties = all.Where(s => s != best && best.Against(s, figure).Kind == VerdictKind.Same).Select(static s => s.Strategy).ToArray();
        var alike = ties.Length > 0 ? $" (no different: {string.Join(", ", ties)})" : "";
        return $"{best.Strategy} has the least {what}: {text(best.Mean(figure))}{alike}; {worst.Strategy} has the most, {text(worst.Mean(figure))}{holds}.";
    }
}
