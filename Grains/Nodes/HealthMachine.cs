using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Nodes;

/// <summary>Health of a node as a function of what is known of it: no state, no timers, the same answer wherever it is asked.</summary>
internal static class HealthMachine
{
    /// <summary>
    /// An operator who works on a node knows why it is silent; otherwise long silence beats everything (an offline node is offline, cordoned or not), then the operator's flags, then faults.
    /// </summary>
    /// <param name="node">What the node says of itself.</param>
    /// <param name="knownSince">Since when readings could have arrived.</param>
    /// <param name="now">Now.</param>
    /// <param name="limits">Limits of silence.</param>
    public static NodeHealth Evaluate(NodeSummary node, DateTimeOffset knownSince, DateTimeOffset now, HealthSettings limits)
    {
        if (node.Maintained) return NodeHealth.Maintenance;
        var silence = now - (node.SampledAt ?? knownSince);
        if (silence >= limits.OfflineAfter) return NodeHealth.Offline;
        if (node.Draining) return NodeHealth.Draining;
        if (node.Cordoned) return NodeHealth.Cordoned;
        if (node.Quarantine is { Probing: false }) return NodeHealth.Quarantined;
        if (node.SampledAt is null) return NodeHealth.Joining;
        if (silence >= limits.SuspectAfter) return NodeHealth.Suspect;
        return node.Quarantine is null ? NodeHealth.Ready : NodeHealth.Probing;
    }

    /// <summary>The same for a node of which only the age of its readings is known.</summary>
    public static NodeHealth OfAge(TimeSpan age, HealthSettings limits) =>
        age >= limits.OfflineAfter ? NodeHealth.Offline : age >= limits.SuspectAfter ? NodeHealth.Suspect : NodeHealth.Ready;
}
