using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>A true round robin: the eligible targets in their fixed order, one after the other, whatever their load.</summary>
internal sealed class BaselineRoundRobin : IRoutingStrategy
{
    private readonly CostModel _cost = new();

    public string Name => "baseline_rr";

    public int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        if (input.Index is { } index) return RankTracked(index, input.Sequence, best);
        var eligible = 0;
        foreach (var reason in input.Filter) if (reason == FilterReason.None) eligible++;
        if (eligible == 0) return 0;

        var first = (int)(input.Sequence % (ulong)eligible);
        var wanted = Math.Min(best.Length, eligible);
        var position = 0;
        for (var target = 0; target < input.Filter.Length; target++)
        {
            if (input.Filter[target] != FilterReason.None) continue;
            var turn = (position++ - first + eligible) % eligible;
            if (turn < wanted) best[turn] = new(target, turn);
        }
        return wanted;
    }

    public CostTerms Explain(in RankingInput input, int target) => _cost.Price(input, target);

    private static int RankTracked(TargetIndex index, ulong sequence, Span<RankedTarget> best)
    {
        var wanted = Math.Min(best.Length, index.Eligible);
        for (var turn = 0; turn < wanted; turn++) best[turn] = new(index.EligibleAt((int)((sequence + (ulong)turn) % (ulong)index.Eligible)), turn);
        return wanted;
    }
}
