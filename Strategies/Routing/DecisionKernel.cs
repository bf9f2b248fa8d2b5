using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Filter, score, pick, hedge: the one way from a request to its targets. Deterministic in (table, local counters, request,
/// time, sequence, seed); reads one table and local counters, waits for nothing.
/// </summary>
public static class DecisionKernel
{
    // A verdict is a byte: a call may put this many on the stack.
    private const int StackTargets = 16_384;
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
        var policy = table.Policies.Resolve(request.Model, request.Tenant, request.SloClass, request.Endpoint);
        if (strategy is not null) policy = policy with { Strategy = strategy };
        if (request.MayQueue) policy = table.Policies.ForQueueing(policy, request.Model);
        if (!Admits(policy, request.Tenant)) return Refusal(DecisionOutcome.Forbidden, 0, TimeSpan.Zero, 0, []);
        if (!table.Models.TryGetValue(request.Model, out var targets) || targets.Count == 0) return Refusal(DecisionOutcome.ModelUnknown, 0, TimeSpan.Zero, 0, []);

        var input = Filter(targets, request, policy, targets.Count <= StackTargets ? stackalloc FilterReason[targets.Count] : new FilterReason[targets.Count], nowTicks, sequence, seed, out var eligible);
        Span<RankedTarget> best = stackalloc RankedTarget[Math.Clamp(request.MaxTargets, 1, RoutingRequest.MaxTargetsLimit)];
        var result = Pick(input, policy, eligible, best);
        var excluded = explain || eligible == 0 ? Exclusions(targets, input.Filter) : [];
        if (result.Outcome != DecisionOutcome.Routed) return Refusal(result.Outcome, targets.Count, result.RetryAfter, eligible, excluded);
        var choices = new Choice[result.Count];
        for (var i = 0; i < choices.Length; i++) choices[i] = Describe(input, policy.Strategy, best[i]);
        return new(DecisionOutcome.Routed, choices, result.Hedge, TimeSpan.Zero, policy.Strategy.Name, table.Version, policy, targets.Count, eligible, excluded);

        Decision Refusal(DecisionOutcome outcome, int considered, TimeSpan retryAfter, int left, IReadOnlyList<Exclusion> reasons) =>
            new(outcome, [], NoHedge, retryAfter, policy.Strategy.Name, table.Version, policy, considered, left, reasons);
    }

    /// <summary>
    /// The core of <see cref="Decide"/>: who, without the account of why. Allocates nothing for up to 16,384 targets, or for a tracked set of any size
    /// (<see cref="TargetSet.Track"/>) when neither request nor policy restricts the nodes; then it also looks only at targets that may win.
    /// </summary>
    /// <param name="targets">Targets of the model.</param>
    /// <param name="request">The request.</param>
    /// <param name="policy">What holds for it.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="sequence">Decisions made for the model before this one.</param>
    /// <param name="seed">Breaks ties.</param>
    /// <param name="best">Where the picks go, best first; its length is the number wanted, at least 1.</param>
    public static PickResult Pick(TargetSet targets, RoutingRequest request, EffectivePolicy policy, long nowTicks, ulong sequence, ulong seed, Span<RankedTarget> best)
    {
        if (!Admits(policy, request.Tenant)) return new(DecisionOutcome.Forbidden, 0, NoHedge, TimeSpan.Zero);
        if (targets.Count == 0) return new(DecisionOutcome.ModelUnknown, 0, NoHedge, TimeSpan.Zero);
        if (Tracked(targets, request, policy) is { } index)
        {
            return Pick(new(targets, request, index.Verdicts, nowTicks, sequence, seed) { Index = index }, policy, index.Eligible, best);
        }
        var input = Filter(targets, request, policy, targets.Count <= StackTargets ? stackalloc FilterReason[targets.Count] : new FilterReason[targets.Count], nowTicks, sequence, seed, out var eligible);
        return Pick(input, policy, eligible, best);
    }

    private static HedgePlan NoHedge => new(HedgeVerdict.NoSecondTarget, -1, default);

    private static PickResult Pick(in RankingInput input, EffectivePolicy policy, int eligible, Span<RankedTarget> best)
    {
        for (var q = 0; q < policy.Quotas.Count; q++)
        {
            if (policy.Quotas[q].InFlight.Requests >= policy.Quotas[q].MaxConcurrentRequests) return new(DecisionOutcome.QuotaExceeded, 0, NoHedge, MinRetryAfter);
        }
        if (eligible == 0)
        {
            var full = input.Filter.ContainsAny(FilterReason.QueueFull, FilterReason.KvCacheFull);
            return new(full ? DecisionOutcome.Overloaded : DecisionOutcome.NoEligibleTarget, 0, NoHedge, full ? RetryAfter(input) : MinRetryAfter);
        }
        var count = policy.Strategy.Rank(input, best);
        var picks = best[..count];
        SessionAffinity.Apply(input, policy.Strategy, picks);
        return new(DecisionOutcome.Routed, count, HedgePlanner.Plan(policy.Hedging, input, picks, policy.Strategy.Explain(input, picks[0].Target), policy.Strategy), TimeSpan.Zero);
    }

    /// <summary>The index of a tracked set, when its own verdicts are all that holds for the request.</summary>
    private static TargetIndex? Tracked(TargetSet targets, RoutingRequest request, EffectivePolicy policy)
    {
        if (targets.Index is not { } index || request.ExcludedNodes.Count > 0 || !ReferenceEquals(request.Demand, PlacementRule.Anywhere) || policy.Placements.Count > 0 || policy.Residency is not null) return null;
        // What it knows in advance is not of this origin.
        if (targets.DistancesFrom(request.Origin.Place) is not null) return null;
        index.Use(policy.Admission);
        return index.Eligible > 0 ? index : null;
    }

    private static RankingInput Filter(
        TargetSet targets, RoutingRequest request, EffectivePolicy policy, Span<FilterReason> verdicts, long nowTicks, ulong sequence, ulong seed, out int eligible)
    {
        eligible = TargetFilter.Apply(targets, request, policy, verdicts);
        return new(targets, request, verdicts, nowTicks, sequence, seed);
    }

    private static bool Admits(EffectivePolicy policy, string tenant)
    {
        for (var i = 0; i < policy.Access.Count; i++)
        {
            if (!policy.Access[i].Admits(tenant)) return false;
        }
        return true;
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
