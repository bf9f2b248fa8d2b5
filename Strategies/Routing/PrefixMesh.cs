using InferMesh.Strategies.Learning;
using InferMesh.Strategies.PrefixCache;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// The mesh that knows who holds the start of the prompt. What a match saves is seconds of prefill, the request's own and those of the others on the GPU that it does not hold up; it
/// stands beside the queue, and is forfeited where the first token would come later than elsewhere by more than the gate: a warm cache never outweighs a long queue.
/// </summary>
/// <param name="cost">Cost model.</param>
/// <param name="memory">Who holds what.</param>
/// <param name="prefixWeight">Weight of the prefill saved, 0 to 1.33: above it hot targets starve the others (BLIS, principles of routing).</param>
/// <param name="gateSeconds">Seconds by which a match may be later.</param>
internal sealed class PrefixMesh(CostModel cost, PrefixMemory memory, double prefixWeight, double gateSeconds)
    : PricedStrategy(cost), ILearningStrategy, IKvEventStrategy
{
    public override string Name => "prefix_mesh";

    public bool WantsPrefix => true;

    protected override bool Shortlists => true;

    public bool WantsKvEvents => memory.Precise;

    protected override int PreparedNumbers => 1;

    public override CostTerms Explain(in RankingInput input, int target)
    {
        Span<HeldPrefix> held = stackalloc HeldPrefix[PrefixMemory.MaxMatches];
        Span<RankedTarget> plain = stackalloc RankedTarget[1];
        Span<double> numbers = [memory.ColdShare(input)];
        foreach (var match in held[..memory.Find(input, held)])
        {
            if (match.Row == target && base.Rank(input, plain) > 0) return Price(input with { Prepared = numbers }, match, Latest(input, plain[0].Target));
        }
        return base.Explain(input, target);
    }

    public override int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        var count = base.Rank(input, best);
        if (count == 0 || input.Request.Prefix.IsEmpty) return count;
        Span<HeldPrefix> held = stackalloc HeldPrefix[PrefixMemory.MaxMatches];
        held = held[..memory.Find(input, held)];
        if (held.IsEmpty) return count;

        // A match only makes a target better: the best of all without a match, and all that have one, hold the best of both.
        Span<RankedTarget> plain = stackalloc RankedTarget[count];
        best[..count].CopyTo(plain);
        var latest = Latest(input, plain[0].Target);
        Span<double> numbers = [memory.ColdShare(input)];
        var prepared = input with { Prepared = numbers };
        var top = new TopK(best, input.Seed, input.Targets);
        foreach (var pick in plain)
        {
            if (!Contains(held, pick.Target)) top.Offer(pick.Target, pick.Score);
        }
        foreach (var match in held)
        {
            if (input.Filter[match.Row] == FilterReason.None) top.Offer(match.Row, Price(prepared, match, latest).TotalSeconds);
        }
        return top.Count;
    }

    public void Dispatched(in RankingInput input, int target) => memory.Dispatched(input, target);

    public void Completed(in Outcome outcome)
    {
        // Who holds what follows from what was sent and from events, not from answers.
    }

    public bool KvStored(TargetIdentity target, long sequence, ReadOnlySpan<ulong> blocks, KvTier tier) => memory.Heard(target, sequence, blocks, tier, stored: true);

    public bool KvRemoved(TargetIdentity target, long sequence, ReadOnlySpan<ulong> blocks, KvTier tier) => memory.Heard(target, sequence, blocks, tier, stored: false);

    protected override void Prepare(in RankingInput input, Span<double> numbers) => numbers[0] = memory.ColdShare(input);

    protected override CostTerms Price(in RankingInput input, int target) => Price(input, target, 0);

    private static bool Contains(ReadOnlySpan<HeldPrefix> held, int row)
    {
        foreach (var match in held) if (match.Row == row) return true;
        return false;
    }

    private double Latest(in RankingInput input, int bestPlain) => base.Explain(input, bestPlain).TimeToFirstTokenSeconds + gateSeconds;

    private CostTerms Price(in RankingInput input, in HeldPrefix match, double latestFirstTokenSeconds)
    {
        var saved = Price(input, match.Row, prefixWeight * match.SavedBlocks * BlockHash.BlockTokens);
        return saved.TimeToFirstTokenSeconds <= latestFirstTokenSeconds ? saved : Price(input, match.Row, 0);
    }

    private CostTerms Price(in RankingInput input, int target, double savedTokens) =>
        Cost.Price(input, target, new(input.Targets.Load(target), savedTokens, input.Prepared[0]));
}
