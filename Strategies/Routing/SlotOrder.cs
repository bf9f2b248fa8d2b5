namespace InferMesh.Strategies.Routing;

/// <summary>Lays targets that cost alike next to one another, so that bounds of a run are close to what its targets cost: by capability, then in the order of the set, which is by cell.</summary>
internal static class SlotOrder
{
    private const int MaxKinds = 256;

    // A chat request. Any order is right; this one tells targets without a common kind apart.
    private const double TypicalPromptTokens = 512, TypicalOutputTokens = 256;

    /// <summary>The target of each place.</summary>
    public static int[] Of(TargetSet targets)
    {
        var kinds = new Dictionary<(double, double, double, double, double), int>();
        var kind = new int[targets.Count];
        for (var row = 0; row < kind.Length; row++)
        {
            ref readonly var cost = ref targets.Cost[row];
            var key = (cost.PrefillSecondsPerToken, cost.SharePerSequenceSeconds, cost.SoloSeconds, cost.BatchSize, cost.DollarsPerSecond);
            if (!kinds.TryGetValue(key, out kind[row])) kinds[key] = kind[row] = kinds.Count;
            if (kinds.Count > MaxKinds) return BySeconds(targets);
        }
        var next = new int[kinds.Count + 1];
        foreach (var k in kind) next[k + 1]++;
        for (var k = 1; k < next.Length; k++) next[k] += next[k - 1];
        var rows = new int[kind.Length];
        for (var row = 0; row < kind.Length; row++) rows[next[kind[row]]++] = row;
        return rows;
    }

    private static int[] BySeconds(TargetSet targets)
    {
        var keys = new (double Seconds, int Row)[targets.Count];
        for (var row = 0; row < keys.Length; row++)
        {
            ref readonly var cost = ref targets.Cost[row];
            keys[row] = (TypicalPromptTokens * cost.PrefillSecondsPerToken + TypicalOutputTokens * cost.SecondsPerToken(Math.Min(targets.Load(row) + 1, cost.BatchSize)), row);
        }
        Array.Sort(keys);
        return Array.ConvertAll(keys, k => k.Row);
    }
}
