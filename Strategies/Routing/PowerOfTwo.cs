using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Two eligible targets drawn at random, different ones; the one with fewer requests wins (Mitzenmacher 2001). What is wanted beyond two is drawn further and follows
/// in the order of drawing.
/// </summary>
internal sealed class PowerOfTwo : IRoutingStrategy
{
    private const int MaxDraws = 64;
    private readonly CostModel _cost = new();

    public string Name => "power_of_two";

    public int Rank(in RankingInput input, Span<RankedTarget> best)
    {
        if (best.IsEmpty) return 0;
        Span<int> drawn = stackalloc int[Math.Max(2, best.Length)];
        var count = Draw(input, drawn);
        if (count == 0) return 0;
        var load = input.Targets;
        if (count > 1 && load.Load(drawn[1]) < load.Load(drawn[0])) (drawn[0], drawn[1]) = (drawn[1], drawn[0]);
        count = Math.Min(count, best.Length);
        var score = 0.0;
        for (var i = 0; i < count; i++)
        {
            score = Math.Max(score, load.Load(drawn[i]));
            best[i] = new(drawn[i], score);
        }
        return count;
    }

    public CostTerms Explain(in RankingInput input, int target) => _cost.Price(input, target);

    private static int Draw(in RankingInput input, Span<int> drawn)
    {
        var targets = input.Filter.Length;
        if (targets == 0) return 0;
        var count = 0;
        for (var draw = 0; draw < MaxDraws && count < drawn.Length; draw++)
        {
            var target = (int)Math.BigMul(TieBreak.Hash(input.Seed, draw), (ulong)targets, out _);
            if (input.Filter[target] == FilterReason.None && !drawn[..count].Contains(target)) drawn[count++] = target;
        }
        if (count == drawn.Length) return count;

        // Few are eligible: from here on in order, from a drawn place, so that a fleet that is mostly out of rotation costs one scan and no more.
        var first = (int)Math.BigMul(TieBreak.Hash(input.Seed, MaxDraws), (ulong)targets, out _);
        for (var i = 0; i < targets && count < drawn.Length; i++)
        {
            var target = first + i < targets ? first + i : first + i - targets;
            if (input.Filter[target] == FilterReason.None && !drawn[..count].Contains(target)) drawn[count++] = target;
        }
        return count;
    }
}
