namespace InferMesh.Strategies.Routing;

/// <summary>
/// The order in which a tracked set is searched. Targets that cost alike stand next to one another, so that bounds of a run are close to what its targets cost: by capability, then by distance,
/// then in the order of the set, which is by cell.
/// </summary>
internal sealed class SlotOrder
{
    private const int MaxKinds = 256, NearBins = 8;
    private const double NearSeconds = 0.001;

    // A chat request. Any order is right; this one tells targets without a common kind apart.
    private const double TypicalPromptTokens = 512, TypicalOutputTokens = 256;

    public SlotOrder(TargetSet targets)
    {
        Target = new int[targets.Count];
        for (var row = 0; row < Target.Length; row++) Target[row] = row;
        if (Kinds(targets) is { } kinds)
        {
            var keys = new long[Target.Length];
            for (var row = 0; row < keys.Length; row++) keys[row] = (long)kinds[row] << 48 | (long)Distance(targets.Cost[row].RttSeconds) << 32 | (uint)row;
            Array.Sort(keys, Target);
        }
        else
        {
            var keys = new (double, int)[Target.Length];
            for (var row = 0; row < keys.Length; row++)
            {
                ref readonly var cost = ref targets.Cost[row];
                keys[row] = (TypicalPromptTokens * cost.PrefillSecondsPerToken + TypicalOutputTokens * cost.SecondsPerToken(Math.Min(targets.Load(row) + 1, cost.BatchSize)), row);
            }
            Array.Sort(keys, Target);
        }
        Place = new int[Target.Length];
        for (var place = 0; place < Place.Length; place++) Place[Target[place]] = place;
    }

    /// <summary>The target at each place.</summary>
    public int[] Target { get; }

    /// <summary>The place of each target.</summary>
    public int[] Place { get; }

    /// <summary>The kind of each target, numbered as they occur; null when there are too many.</summary>
    private static int[]? Kinds(TargetSet targets)
    {
        var kinds = new Dictionary<(double, double, double, double, double), int>();
        var kind = new int[targets.Count];
        for (var row = 0; row < kind.Length; row++)
        {
            ref readonly var cost = ref targets.Cost[row];
            var key = (cost.PrefillSecondsPerToken, cost.SharePerSequenceSeconds, cost.SoloSeconds, cost.MaxBatchSize, cost.DollarsPerSecond);
            if (!kinds.TryGetValue(key, out kind[row])) kinds[key] = kind[row] = kinds.Count;
            if (kinds.Count > MaxKinds) return null;
        }
        return kind;
    }

    // A tenth of a millisecond apart nearby, a tenth of the way apart far off: what is in one cell mostly stays together.
    private static int Distance(double rttSeconds) => double.IsNaN(rttSeconds) ? 0 : 1 + (int)Math.Min(1_000, NearBins * Math.Log2(1 + rttSeconds / NearSeconds));
}
