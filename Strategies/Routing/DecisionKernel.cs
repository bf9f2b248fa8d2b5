using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Filter, score, pick, hedge: the one way from a request to its targets. Deterministic in (table, local counters, request,
/// time, sequence, seed); reads one table and local counters, waits for nothing.
/// </summary>
public static class DecisionKernel
{
    private const int StackTargets = 512;
    private static readonly TimeSpan MinRetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(60);

    /// <summary>Decides one request.</summary>
    /// <param name="table">The routing table.</param>
    /// <param name="request">The request.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="sequence">Decisions made for the model before this one.</param>
    /// <param name="seed">Breaks ties.</param>
    /// <param name="explain">Lists every exclusion; picks always carry their terms.</param>
    /// <param name="strategy">Ranks instead of the policy's strategy: for trying one out.</param>
    public static Decision Decide(
        RoutingTable table, RoutingRequest request, long nowTicks, ulong sequence, ulong seed, bool explain = false, IRoutingStrategy? strategy = null)
    {
        var policy = table.Policies.Resolve(request.Model, request.Tenant, request.SloClass);
        if (strategy is not null) policy = policy with { Strategy = strategy };
        if (policy.Access.Any(rule => !rule.Admits(request.Tenant))) return Refuse(DecisionOutcome.Forbidden, TimeSpan.Zero, null, 0, []);
        if (!table.Models.TryGetValue(request.Model, out var targets) || targets.Count == 0)
            return Refuse(DecisionOutcome.ModelUnknown, TimeSpan.Zero, null, 0, []);

        var verdicts = targets.Count <= StackTargets ? stackalloc FilterReason[targets.Count] : new FilterReason[targets.Count];
        var eligible = TargetFilter.Apply(targets, request, policy, verdicts);
        var excluded = explain || eligible == 0 ? Exclusions(targets, verdicts) : [];
        if (policy.Quotas.Any(q => q.InFlight.Requests >= q.MaxConcurrentRequests))
            return Refuse(DecisionOutcome.QuotaExceeded, MinRetryAfter, targets, eligible, excluded);
        var input = new RankingInput(targets, request, verdicts, nowTicks, sequence, seed);
        if (eligible == 0)
        {
            var full = verdicts.ContainsAny(FilterReason.QueueFull, FilterReason.KvCacheFull);
            return Refuse(full ? DecisionOutcome.Overloaded : DecisionOutcome.NoEligibleTarget, full ? RetryAfter(input) : MinRetryAfter, targets, 0, excluded);
        }

        Span<RankedTarget> best = stackalloc RankedTarget[Math.Clamp(request.MaxTargets, 1, RoutingRequest.MaxTargetsLimit)];
        var picks = best[..policy.Strategy.Rank(input, best)];
        var choices = new Choice[picks.Length];
        for (var i = 0; i < picks.Length; i++) choices[i] = Describe(input, policy.Strategy, picks[i]);
        var hedge = HedgePlanner.Plan(policy.Hedging, input, picks, choices[0].Terms, policy.Strategy);
        return new(DecisionOutcome.Routed, choices, hedge, TimeSpan.Zero, policy.Strategy.Name, table.Version, policy, targets.Count, eligible, excluded);

        Decision Refuse(DecisionOutcome outcome, TimeSpan retryAfter, TargetSet? considered, int left, IReadOnlyList<Exclusion> reasons) =>
            new(outcome, [], new(HedgeVerdict.NoSecondTarget, -1, default), retryAfter, policy.Strategy.Name, table.Version, policy, considered?.Count ?? 0, left, reasons);
    }

    private static Choice Describe(in RankingInput input, IRoutingStrategy strategy, RankedTarget pick)
    {
        var t = input.Targets;
        var load = t.Load(pick.Target);
        return new(t.Identity[pick.Target], pick.Score, strategy.Explain(input, pick.Target), load, load / t.BatchSize(pick.Target), t.AgeSeconds(pick.Target, input.NowTicks), t.Local[pick.Target]);
    }

    private static List<Exclusion> Exclusions(TargetSet targets, ReadOnlySpan<FilterReason> verdicts)
    {
        var list = new List<Exclusion>();
        for (var i = 0; i < verdicts.Length; i++)
        {
            if (verdicts[i] != FilterReason.None) list.Add(new(targets.Identity[i], verdicts[i]));
        }
        return list;
    }

    /// <summary>When the first of the full targets is expected to have room, within 1 to 60 s.</summary>
    private static TimeSpan RetryAfter(in RankingInput input)
    {
        var soonest = double.PositiveInfinity;
        var cost = new CostModel();
        for (var i = 0; i < input.Filter.Length; i++)
        {
            if (input.Filter[i] is FilterReason.QueueFull or FilterReason.KvCacheFull) soonest = Math.Min(soonest, cost.Price(input, i).QueueSeconds);
        }
        return TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(double.IsFinite(soonest) ? soonest : 1, MinRetryAfter.TotalSeconds, MaxRetryAfter.TotalSeconds)));
    }
}
