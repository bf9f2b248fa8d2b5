using InferMesh.Cli.Sim.Output;

namespace InferMesh.Cli.Sim.Report;

/// <summary>What a run says, in a few plain sentences; each is checked against the interval over seeds, and doubts are said too.</summary>
internal static class Conclusion
{
    public const string Baseline = "baseline_rr";
    public const string Bound = "oracle";

    public static IReadOnlyList<string> Of(IReadOnlyList<MetricsDocument> all)
    {
        var sentences = new List<string>();
        var live = all.Where(static m => m.Strategy != Bound && m.RequestCounters.Completed > 0).ToArray();
        if (live.Length == 0) return ["No request was completed: there is nothing to compare. Look at the counts of unfinished, rejected and dropped requests."];
        if (live.Length == 1) sentences.Add(One(live[0]));
        else
        {
            sentences.Add(Fastest(live, Figures.TtftP99, "time to first token"));
            sentences.Add(Fastest(live, Figures.E2eP99, "whole request"));
            if (Cheapest(live) is { } cheapest) sentences.Add(cheapest);
            if (AgainstBound(live, all) is { } bound) sentences.Add(bound);
        }
        sentences.AddRange(Doubts(all));
        return sentences;
    }

    private static string One(MetricsDocument m) =>
        $"{m.Strategy} answered {Words.Percent(m.Mean("completed_share"))} of the requests, half of them within {Words.Ms(m.Mean("e2e_p50_ms"))} and 99 in 100 within {Words.Ms(m.Mean(Figures.E2eP99))}; {Words.Percent(m.Mean(Figures.SloAttainment))} met their goal.";

    private static string Fastest(MetricsDocument[] live, string figure, string what)
    {
        var best = live.MinBy(m => m.Mean(figure))!;
        var ties = live.Where(m => m != best && Verdict.Of(figure, m, best).Kind is VerdictKind.Same or VerdictKind.Unknown
            && m.Mean(figure) <= best.Mean(figure) * (1 + Verdict.Resolution)).Select(static m => m.Strategy).ToArray();
        if (ties.Length == live.Length - 1)
            return $"All strategies are equal in the 99th percentile of the {what} ({Words.Ms(best.Mean(figure))}): nothing here makes a choice of node matter.";
        var text = $"{best.Strategy} has the shortest 99th percentile of the {what}: {Words.Ms(best.Mean(figure))}";
        if (ties.Length > 0) text += $" (no different: {string.Join(", ", ties)})";
        return $"{text}{AgainstBaseline(live, best, figure)}.";
    }

    private static string AgainstBaseline(MetricsDocument[] live, MetricsDocument best, string figure)
    {
        if (Array.Find(live, static m => m.Strategy == Baseline) is not { } baseline || baseline == best) return "";
        var verdict = Verdict.Of(figure, best, baseline);
        var text = $"; {Baseline} has {Words.Ms(baseline.Mean(figure))}, {Words.More(verdict.Ratio)}";
        return verdict.Kind switch
        {
            VerdictKind.Better => $"{text}, a difference that holds over the seeds",
            VerdictKind.Unknown => text,
            _ => $"{text}, but the seeds cannot tell that from chance",
        };
    }

    private static string? Cheapest(MetricsDocument[] live)
    {
        var paid = Array.FindAll(live, static m => !m.IsMissing(Figures.CostPer1kSloMetTokens));
        if (paid.Length == 0) return "No request met its latency goal, so that no strategy has a price per token that did.";
        var best = paid.MinBy(static m => m.Mean(Figures.CostPer1kSloMetTokens))!;
        var worst = paid.MaxBy(static m => m.Mean(Figures.CostPer1kSloMetTokens))!;
        var (low, high) = (best.Mean(Figures.CostPer1kSloMetTokens), worst.Mean(Figures.CostPer1kSloMetTokens));
        return high <= low * (1 + Verdict.Resolution)
            ? $"A thousand tokens that met their goal cost {Words.Dollars(low)} with every strategy."
            : $"A thousand tokens that met their goal cost {Words.Dollars(low)} with {best.Strategy}, which serves {Words.Percent(best.Mean(Figures.SloAttainment))} of requests in time, and {Words.Dollars(high)} with {worst.Strategy} ({Words.Percent(worst.Mean(Figures.SloAttainment))}).";
    }

    private static string? AgainstBound(MetricsDocument[] live, IReadOnlyList<MetricsDocument> all)
    {
        if (all.FirstOrDefault(static m => m.Strategy == Bound) is not { } oracle || oracle.Mean(Figures.E2eP99) <= 0) return null;
        var best = live.MinBy(static m => m.Mean(Figures.E2eP99))!;
        var ratio = best.Mean(Figures.E2eP99) / oracle.Mean(Figures.E2eP99);
        return ratio <= 1 + Verdict.Resolution
            ? $"{best.Strategy} reaches the bound of the oracle, which sees every node at once and knows how long each request takes."
            : $"The oracle, which sees every node at once and knows how long each request takes, has {Words.Ms(oracle.Mean(Figures.E2eP99))}: {best.Strategy} is within {Words.Times(ratio)} of that bound.";
    }

    private static IEnumerable<string> Doubts(IReadOnlyList<MetricsDocument> all)
    {
        if (all.Where(static m => !m.Complete).Select(static m => m.Strategy).ToArray() is { Length: > 0 } stopped)
            yield return $"Incomplete: {string.Join(", ", stopped)} stopped before the horizon; figures cover what was simulated until then and do not compare with complete ones.";
        if (all.Where(static m => m.Mean("completed_share") < 0.99).ToArray() is { Length: > 0 } late)
            yield return $"Latencies are those of completed requests only; {string.Join(", ", late.Select(static m => $"{m.Strategy} completed {Words.Percent(m.Mean("completed_share"))}"))}, so that what is missing may be the slowest part.";
        if (all.All(static m => m.Mean(Figures.Utilisation) < 0.2))
            yield return $"The fleet is nearly idle (utilisation {Words.Percent(all.Max(static m => m.Mean(Figures.Utilisation)))} at most): strategies can hardly differ below a load of about 0.6.";
        foreach (var plugin in all.Where(static m => m.Plugin is not null))
        {
            if (plugin.Plugin!.Doubt(plugin.Strategy, "rankings") is { } doubt) yield return doubt;
        }
        if (all.All(static m => m.Runs.Count < 2))
            yield return "One seed only: nothing here says how much is chance. Run again with --seeds 5.";
    }
}
