using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Keeps the requests of a session together. Each session has its own order of the targets (rendezvous hashing, Thaler and Ravishankar, 1998), the same on every router and after any of
/// them is gone; a target that leaves moves only the sessions it had. The first in that order that is not later than the best by more than its caches may save gets the request: affinity
/// is a preference, never a reason to wait in a long queue.
/// </summary>
internal static class SessionAffinity
{
    // Further down the order, staying together is worth less than the search.
    private const int Candidates = 8;

    // Differences that are noise of readings, or too small for anyone to notice.
    private const double SlackSeconds = 0.25;

    /// <summary>Puts the session's target first, when the request names a session.</summary>
    /// <param name="input">The decision's input.</param>
    /// <param name="strategy">Who ranked.</param>
    /// <param name="best">Picks, best first, at least one.</param>
    public static void Apply(in RankingInput input, IRoutingStrategy strategy, Span<RankedTarget> best)
    {
        if (input.Request.SessionKey == 0) return;
        Span<(ulong Order, int Target)> order = stackalloc (ulong, int)[Candidates];
        order = order[..First(input, order)];
        var latest = strategy.Explain(input, best[0].Target).TotalSeconds + SlackSeconds;
        foreach (var (_, target) in order)
        {
            if (target == best[0].Target) return;
            var terms = strategy.Explain(input, target);
            if (!(terms.TotalSeconds - terms.PrefillSeconds <= latest)) continue;
            var at = 0;
            while (at < best.Length - 1 && best[at].Target != target) at++;
            // Those before it move down by one; the last falls off when the target was not among them.
            best[..at].CopyTo(best[1..]);
            best[0] = new(target, terms.TotalSeconds);
            return;
        }
    }

    private static int First(in RankingInput input, Span<(ulong Order, int Target)> order)
    {
        var keys = input.Targets.Keys;
        var session = input.Request.SessionKey;
        var count = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (input.Filter[i] != FilterReason.None) continue;
            var rank = BlockHash.Mix(session, keys[i]);
            if (count == order.Length && rank <= order[^1].Order) continue;
            var at = count < order.Length ? count++ : count - 1;
            for (; at > 0 && order[at - 1].Order < rank; at--) order[at] = order[at - 1];
            order[at] = (rank, i);
        }
        return count;
    }
}
