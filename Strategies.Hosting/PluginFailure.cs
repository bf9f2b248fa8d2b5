namespace InferMesh.Strategies.Hosting;

/// <summary>Why the fallback answered.</summary>
public enum PluginFailure : byte
{
    /// <summary>It did not: the plugin answered in time, and well.</summary>
    None = 0,

    /// <summary>The deadline passed.</summary>
    Timeout,

    /// <summary>The instructions of one call were used up.</summary>
    OutOfFuel,

    /// <summary>WASM trapped: memory out of bounds, stack overflow, unreachable code.</summary>
    Trap,

    /// <summary>A .NET plugin threw.</summary>
    Exception,

    /// <summary>The answer is none: no picks, the same twice, a target that may not be picked, a score that is not finite.</summary>
    Invalid,

    /// <summary>All instances were in use.</summary>
    Busy,

    /// <summary>The plugin is left alone, because too many of its calls failed.</summary>
    BreakerOpen,

    /// <summary>The plugin is in quarantine: a call of it had to be aborted.</summary>
    Quarantined,

    /// <summary>The plugin was unloaded.</summary>
    Unloaded,
}

/// <summary>Names of <see cref="PluginFailure"/>, as metrics write them.</summary>
public static class PluginFailures
{
    private static readonly string[] Names = ["none", "timeout", "out_of_fuel", "trap", "exception", "invalid", "busy", "breaker_open", "quarantined", "unloaded"];

    /// <summary>Name of a reason, such as <c>out_of_fuel</c>.</summary>
    public static string Name(PluginFailure failure) => Names[(int)failure];

    /// <summary>Whether it is the plugin's own doing, and counts towards its breaker.</summary>
    public static bool Counts(PluginFailure failure) => failure is PluginFailure.Timeout or PluginFailure.OutOfFuel or PluginFailure.Trap or PluginFailure.Exception or PluginFailure.Invalid;
}
