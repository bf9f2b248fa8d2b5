using InferMesh.Cli.Sim.Output;

namespace InferMesh.Cli.Sim.Report;

/// <summary>Why one strategy does better than another, from their figures: where the time goes, how load is spread, what it costs.</summary>
internal static class Explanation
{
    public static IEnumerable<string> Of(MetricsDocument a, MetricsDocument b)
    {
        yield return $"{a.Strategy} against {b.Strategy} (synthetic), {a.Seeds.Intersect(b.Seeds).Count()} seeds in common.";
        yield return "";
        yield return Tail(a, b, Figures.E2eP99, "99th percentile of the whole request");
        yield return Tail(a, b, Figures.TtftP99, "99th percentile of the time to first token");
        yield return "";
        foreach (var line in WhereTimeGoes(a, b)) yield return line;
        yield return "";
        yield return Spread(a, b);
        if (Stale(a, b) is { } stale) yield return stale;
        if (Prefix(a, b) is { } prefix) yield return prefix;
        if (Network(a, b) is { } network) yield return network;
        if (Hedges(a, b) is { } hedges) yield return hedges;
        yield return Cost(a, b);
        if (Missing(a, b) is { } missing) yield return missing;
    }

    private static string Tail(MetricsDocument a, MetricsDocument b, string figure, string what)
    {
        var verdict = Verdict.Of(figure, a, b);
        var text = $"{what}: {Words.Ms(a.Mean(figure))} against {Words.Ms(b.Mean(figure))}";
        return verdict.Kind switch
        {
            VerdictKind.Better => $"{text}: better by {Factor(verdict)}; the 95 % interval of the difference is {Interval(verdict)}.",
            VerdictKind.Worse => $"{text}: worse by {Factor(verdict)}; the 95 % interval of the difference is {Interval(verdict)}.",
            VerdictKind.Same => $"{text}: no difference that the seeds can tell from none ({Interval(verdict)}).",
            _ => $"{text}; one seed cannot tell how much of that is chance (--seeds 5).",
        };
    }

    private static string Factor(Verdict verdict) => Words.Times(verdict.Ratio).Replace("times", "x", StringComparison.Ordinal);

    private static string Interval(Verdict verdict) => $"{Signed(verdict.Difference.Low)} to {Signed(verdict.Difference.High)}";

    private static string Signed(double milliseconds) => $"{(milliseconds < 0 ? "-" : "+")}{Words.Ms(Math.Abs(milliseconds))}";

    private static IEnumerable<string> WhereTimeGoes(MetricsDocument a, MetricsDocument b)
    {
        var parts = new (string Name, Func<MetricsDocument, double> Of, string Meaning)[]
        {
            ("waiting", static m => m.Mean("queue_wait_mean_ms"), "decision, way there and queue: fewer requests met a full node"),
            ("service", static m => m.Mean("service_mean_ms"), "time in the batch: more of the work ran on faster or emptier nodes"),
            ("way back", static m => Math.Max(0, m.Mean("e2e_mean_ms") - m.Mean("queue_wait_mean_ms") - m.Mean("service_mean_ms")), "network after the last token: fewer requests left their cell"),
        };
        yield return $"Where the mean request spends its time ({a.Strategy} / {b.Strategy}):";
        foreach (var (name, of, _) in parts)
            yield return $"  {name,-9} {Words.Ms(of(a)),10} / {Words.Ms(of(b)),-10} ({Words.Percent(Share(of(a), a))} / {Words.Percent(Share(of(b), b))})";
        var (gains, total) = (parts.Select(p => p.Of(a) - p.Of(b)).ToArray(), a.Mean("e2e_mean_ms") - b.Mean("e2e_mean_ms"));
        if (Math.Abs(total) <= Verdict.Resolution * b.Mean("e2e_mean_ms"))
        {
            yield return "  The means are equal: what differs is who waits, not how long all wait together.";
            yield break;
        }
        var main = total < 0 ? Array.IndexOf(gains, gains.Min()) : Array.IndexOf(gains, gains.Max());
        var (winner, loser) = total < 0 ? (a, b) : (b, a);
        yield return $"  {winner.Strategy} saves {Words.Ms(Math.Abs(total))} per request against {loser.Strategy}, most of it in {parts[main].Name} ({parts[main].Meaning}).";
    }

    private static double Share(double part, MetricsDocument m) => m.Mean("e2e_mean_ms") > 0 ? part / m.Mean("e2e_mean_ms") : 0;

    private static string Spread(MetricsDocument a, MetricsDocument b) =>
        $"Spread of load: utilisation {Words.Percent(a.Mean(Figures.Utilisation))} ± {Words.Percent(a.Mean("utilisation_std_dev"))} over targets against {Words.Percent(b.Mean(Figures.Utilisation))} ± {Words.Percent(b.Mean("utilisation_std_dev"))}; "
        + $"the busiest target got {Words.Digits(a.Mean("busiest_over_mean"), 3)} times the mean target's requests against {Words.Digits(b.Mean("busiest_over_mean"), 3)}. "
        + "On equal nodes an even spread is good; on a mixed fleet the fast ones should get more.";

    private static string? Stale(MetricsDocument a, MetricsDocument b) => a.Mean("signal_age_ms") + b.Mean("signal_age_ms") > 0
        ? $"Readings behind the picks were {Words.Ms(a.Mean("signal_age_ms"))} old on average against {Words.Ms(b.Mean("signal_age_ms"))}."
        : null;

    private static string? Prefix(MetricsDocument a, MetricsDocument b) => a.Mean("prefix_hit_rate") + b.Mean("prefix_hit_rate") > 0
        ? $"Prompt blocks found in a prefix cache: {Words.Percent(a.Mean("prefix_hit_rate"))} against {Words.Percent(b.Mean("prefix_hit_rate"))}; each hit is prefill that need not be done again."
        : null;

    private static string? Network(MetricsDocument a, MetricsDocument b) => a.Mean("network_bytes") + b.Mean("network_bytes") > 0
        ? $"Between cells travelled {Words.Digits(a.Mean("network_bytes") / 1e6, 3)} MB against {Words.Digits(b.Mean("network_bytes") / 1e6, 3)} MB."
        : null;

    private static string? Hedges(MetricsDocument a, MetricsDocument b)
    {
        static string One(MetricsDocument m) => m.HedgeMetrics.Fired == 0
            ? $"{m.Strategy} sent no second copies"
            : $"{m.Strategy} sent {Words.Count(m.HedgeMetrics.Fired)} second copies ({Words.Percent(m.Mean("hedges_fired_share"))} of requests), of which {Words.Percent(m.HedgeMetrics.WinRate)} answered first and {Words.Count(m.HedgeMetrics.Wasted)} were wasted work";
        return a.HedgeMetrics.Fired + b.HedgeMetrics.Fired == 0 ? null : $"Hedges: {One(a)}; {One(b)}.";
    }

    private static string Cost(MetricsDocument a, MetricsDocument b)
    {
        static string One(MetricsDocument m) => !m.IsMissing(Figures.CostPer1kSloMetTokens) ? Words.Dollars(m.Mean(Figures.CostPer1kSloMetTokens)) : "nothing that met its goal";
        return $"Cost: the fleet costs the same either way; per 1,000 tokens that met their goal that is {One(a)} ({Words.Percent(a.Mean(Figures.SloAttainment))} of requests in time) against {One(b)} ({Words.Percent(b.Mean(Figures.SloAttainment))}).";
    }

    private static string? Missing(MetricsDocument a, MetricsDocument b) => Math.Min(a.Mean("completed_share"), b.Mean("completed_share")) < 0.99
        ? $"Mind: latencies cover completed requests only ({Words.Percent(a.Mean("completed_share"))} against {Words.Percent(b.Mean("completed_share"))})."
        : null;
}
