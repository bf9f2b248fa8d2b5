namespace InferMesh.Simulator.Engine;

/// <summary>Nanoseconds of simulated time.</summary>
internal static class SimTime
{
    /// <summary>Longer than any horizon (a thousand million seconds), and so short that a few of them add up: what takes longer never ends.</summary>
    private const double LongestNs = 1.1e18;

    /// <summary>A duration in nanoseconds, cut at more than any horizon.</summary>
    public static long Ns(double seconds) => (long)Math.Min(seconds * 1e9, LongestNs);
}
