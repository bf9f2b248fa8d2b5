using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.PrefixCache;

/// <summary>A strategy that hears from the engines which blocks they hold. Thread-safe; events of targets that no routing table has shown yet are dropped.</summary>
public interface IKvEventStrategy : IRoutingStrategy
{
    /// <summary>Whether it listens: feeding one that does not is a waste of time, no mistake.</summary>
    bool WantsKvEvents { get; }

    /// <summary>Blocks were stored.</summary>
    /// <param name="target">The target.</param>
    /// <param name="sequence">Number of the event, one more than that of the target's last; 0 when the engine started anew.</param>
    /// <param name="blocks">Names of the blocks.</param>
    /// <param name="tier">Where they are.</param>
    /// <returns>False when an event before it is missing: what was known of the target is dropped, and the engine's whole list would be welcome.</returns>
    bool KvStored(TargetIdentity target, long sequence, ReadOnlySpan<ulong> blocks, KvTier tier);

    /// <summary>Blocks were given up. Parameters and answer as for <see cref="KvStored"/>.</summary>
    bool KvRemoved(TargetIdentity target, long sequence, ReadOnlySpan<ulong> blocks, KvTier tier);
}
