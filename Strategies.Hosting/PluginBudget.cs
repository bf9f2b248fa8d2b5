namespace InferMesh.Strategies.Hosting;

/// <summary>What a plugin may use. A call that goes beyond any of it fails, and the fallback answers.</summary>
public sealed record PluginBudget
{
    /// <summary>Time of one ranking, over which its answer is thrown away; microseconds to milliseconds.</summary>
    public TimeSpan RoutingDeadline { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Time of one placement or hint; milliseconds to seconds.</summary>
    public TimeSpan TrainingDeadline { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time beyond the deadline after which a call of a .NET plugin is aborted and the plugin is put into quarantine; a millisecond or more.</summary>
    public TimeSpan AbortAfter { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Instructions of one ranking in a WASM plugin, in Wasmtime's fuel: about one for each instruction.</summary>
    public ulong RoutingFuel { get; init; } = 20_000_000;

    /// <summary>Instructions of one placement or hint in a WASM plugin.</summary>
    public ulong TrainingFuel { get; init; } = 5_000_000_000;

    /// <summary>Linear memory of each instance of a WASM plugin, bytes.</summary>
    public long MemoryBytes { get; init; } = 32 << 20;

    /// <summary>Instances of a WASM plugin, each of which serves one call at a time; a call that finds none free is answered by the fallback.</summary>
    public int MaxInstances { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary>When too many calls fail.</summary>
    public BreakerLimits Breaker { get; init; } = new();
}

/// <summary>When a plugin is left alone for a while.</summary>
/// <param name="FailureShare">Share of the calls in a window from which on it is, above 0 to 1.</param>
/// <param name="MinFailures">Failures in a window without which it never is, 1 or more.</param>
/// <param name="WindowSeconds">Length of a window in seconds, above 0.</param>
/// <param name="OpenSeconds">How long it is left alone, in seconds; then one call is a trial. Doubles with each trial that fails, up to 32 times as long.</param>
public sealed record BreakerLimits(double FailureShare = 0.05, int MinFailures = 5, double WindowSeconds = 10, double OpenSeconds = 10);
