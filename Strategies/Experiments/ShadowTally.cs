using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Experiments;

/// <summary>
/// What became of requests for which a shadow strategy was asked too: seconds that the cost model expected of both picks, and seconds observed of the one that served. Sums of whole
/// microseconds, so that the tallies of silos add up exactly; 32 groups of them, for the error of what is worked out from them. Thread-safe.
/// </summary>
public sealed class ShadowTally
{
    internal const int Groups = 32;

    // Ten minutes: what took longer counts as that much.
    private const double CapSeconds = 600;

    private readonly Lock _gate = new();
    private readonly ShadowSums[] _groups = new ShadowSums[Groups];

    /// <summary>Adds a request.</summary>
    /// <param name="request">Any number of the request, such as the hash of its id: it picks the group.</param>
    /// <param name="liveSeconds">Seconds expected of the pick that served.</param>
    /// <param name="shadowSeconds">Seconds expected of the shadow's pick; equal when the picks were (<see cref="Routing.ShadowRegret.Priced"/>).</param>
    /// <param name="observedSeconds">Seconds that it took, first to last.</param>
    /// <param name="agreed">Whether both strategies picked the same target.</param>
    /// <returns>False, and nothing added, when one of the times is no number.</returns>
    public bool Add(ulong request, double liveSeconds, double shadowSeconds, double observedSeconds, bool agreed)
    {
        if (!(double.IsFinite(liveSeconds) && double.IsFinite(shadowSeconds) && double.IsFinite(observedSeconds))) return false;
        var (live, shadow, observed) = (Microseconds(liveSeconds), Microseconds(shadowSeconds), Microseconds(observedSeconds));
        var one = new ShadowSums(1, agreed ? 1 : 0, observed, live, agreed ? 0 : live - shadow, (Int128)live * live, (Int128)live * observed, agreed ? observed : 0, agreed ? live : 0);
        lock (_gate)
        {
            ref var group = ref _groups[(int)(TieBreak.Hash(request, 0) % Groups)];
            group += one;
        }
        return true;
    }

    /// <summary>Adds the requests of another silo.</summary>
    public void Add(IReadOnlyList<ShadowSums> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        if (others.Count != Groups) throw new ArgumentException($"There must be {Groups} groups, not {others.Count}.", nameof(others));
        lock (_gate)
        {
            for (var g = 0; g < Groups; g++) _groups[g] += others[g];
        }
    }

    /// <summary>The sums of each group: what travels between silos.</summary>
    public IReadOnlyList<ShadowSums> ToSums()
    {
        lock (_gate) return [.. _groups];
    }

    private static long Microseconds(double seconds) => (long)Math.Round(Math.Clamp(seconds, 0, CapSeconds) * 1e6);
}

/// <summary>Sums over requests, microseconds.</summary>
/// <param name="Count">Requests.</param>
/// <param name="Agreed">Those for which both strategies picked the same target.</param>
/// <param name="Observed">Sum of the time observed.</param>
/// <param name="Expected">Sum of the time expected of the pick that served.</param>
/// <param name="Regret">Sum of what that pick was expected to take beyond the other.</param>
/// <param name="ExpectedSquared">Sum of squares of the time expected.</param>
/// <param name="ExpectedObserved">Sum of products of the time expected and observed.</param>
/// <param name="AgreedObserved">Sum of the time observed where they agreed.</param>
/// <param name="AgreedExpected">Sum of the time expected where they agreed.</param>
public readonly record struct ShadowSums(
    long Count, long Agreed, long Observed, long Expected, long Regret, Int128 ExpectedSquared, Int128 ExpectedObserved, long AgreedObserved, long AgreedExpected)
{
    /// <summary>Sums of both.</summary>
    public static ShadowSums operator +(ShadowSums a, ShadowSums b) => new(
        a.Count + b.Count, a.Agreed + b.Agreed, a.Observed + b.Observed, a.Expected + b.Expected, a.Regret + b.Regret, a.ExpectedSquared + b.ExpectedSquared,
        a.ExpectedObserved + b.ExpectedObserved, a.AgreedObserved + b.AgreedObserved, a.AgreedExpected + b.AgreedExpected);

    /// <summary>Sums of <paramref name="a"/> without those of <paramref name="b"/>.</summary>
    public static ShadowSums operator -(ShadowSums a, ShadowSums b) => new(
        a.Count - b.Count, a.Agreed - b.Agreed, a.Observed - b.Observed, a.Expected - b.Expected, a.Regret - b.Regret, a.ExpectedSquared - b.ExpectedSquared,
        a.ExpectedObserved - b.ExpectedObserved, a.AgreedObserved - b.AgreedObserved, a.AgreedExpected - b.AgreedExpected);
}
