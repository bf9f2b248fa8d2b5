namespace InferMesh.Cli.Operator.Output;

/// <summary>Colours of states on a terminal.</summary>
internal static class StateColours
{
    /// <summary>Style of Spectre.Console; null for no colour.</summary>
    public static string? Of(string state) => state.ToLowerInvariant() switch
    {
        "ready" or "loaded" or "running" or "completed" or "healthy" or "up" or "yes" or "routed" => "green",
        "joining" or "suspect" or "draining" or "probing" or "loading" or "unloading" or "queued" or "admitted" or "placing" or "degraded" or "rescaling" or "checkpointing" or "paused" or "preempted" or "warm" => "yellow",
        "offline" or "quarantined" or "failed" or "cancelled" or "unhealthy" or "down" or "no" or "overloaded" => "red",
        "cordoned" or "maintenance" => "blue",
        _ => null,
    };
}
