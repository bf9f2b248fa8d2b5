using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Nodes;

/// <summary>Health of a node as a function of what is known of it: no state, no timers, the same answer wherever it is asked.</summary>
internal static class HealthMachine
{
    /// <summary>
    /// Silence beats the operator's flags when it is long (an offline node is offline, cordoned or not); flags beat everything else.
    /// </summary>
    /// <param name="cordoned">Operator's flag.</param>
    /// <param name="draining">Operator's flag.</param>
    /// <param name="sampledAt">Time of the last readings; null when there are none.</param>
    /// <param name="knownSince">Since when readings could have arrived.</param>
    /// <param name="now">Now.</param>
    /// <param name="limits">Limits of silence.</param>
    public static NodeHealth Evaluate(bool cordoned, bool draining, DateTimeOffset? sampledAt, DateTimeOffset knownSince, DateTimeOffset now, HealthSettings limits)
    {
        var silence = now - (sampledAt ?? knownSince);
        if (silence >= limits.OfflineAfter) return NodeHealth.Offline;
        if (draining) return NodeHealth.Draining;
        if (cordoned) return NodeHealth.Cordoned;
        if (sampledAt is null) return NodeHealth.Joining;
        return silence >= limits.SuspectAfter ? NodeHealth.Suspect : NodeHealth.Ready;
    }
}
