using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Grains.Models;

/// <summary>Learns how long loading takes from how long it took.</summary>
internal static class ColdStartHistory
{
    /// <summary>Weight of the newest load: the last five or so count, for caches fill and storage changes.</summary>
    private const double Newest = 0.3;

    /// <param name="before">What was known; null when nothing was.</param>
    /// <param name="gpu">GPU type.</param>
    /// <param name="seconds">How long the load took, seconds.</param>
    public static ColdStart After(ColdStart? before, string gpu, double seconds) =>
        before is null ? new(gpu, seconds, 1) : new(gpu, before.Seconds + Newest * (seconds - before.Seconds), before.Loads + 1);
}
