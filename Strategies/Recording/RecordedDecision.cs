using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Recording;

/// <summary>Whether a recorded strategy can be run again.</summary>
public enum Replayable : byte
{
    /// <summary>It can: what it read is in the recording, and what it had learned follows from it.</summary>
    Yes = 0,

    /// <summary>It is of a plugin that was not given: the recording does not hold its code.</summary>
    Plugin,

    /// <summary>It listens to KV events of the engines, which are not recorded.</summary>
    KvEvents,

    /// <summary>It learns, and the recording lacks a part of what it had learned: it was begun later, takes a sample only, or has a gap.</summary>
    MemoryUnknown,
}

/// <summary>A decision of a recording. Its set and request are as they were at that moment, and only until the call that it is given to returns.</summary>
public readonly ref struct RecordedDecision
{
    /// <summary>Its number in the recording, from 0.</summary>
    public long Number { get; init; }

    /// <summary>When, UTC ticks.</summary>
    public long NowTicks { get; init; }

    /// <summary>Version of the routing table; 0 where the set is tracked.</summary>
    public long TableVersion { get; init; }

    /// <summary>Targets of the model with readings and counters; without any when none served it.</summary>
    public TargetSet Targets { get; init; }

    /// <summary>The request.</summary>
    public RoutingRequest Request { get; init; }

    /// <summary>A number of the session's name; 0 when the request named none.</summary>
    public ulong Session { get; init; }

    /// <summary>What held for it. The strategy is one of this replay.</summary>
    public EffectivePolicy Policy { get; init; }

    /// <summary>Whether the decision can be made again.</summary>
    public Replayable Replayable { get; init; }

    /// <summary>Whether the request was routed before (<see cref="RoutingRequest.Again"/>).</summary>
    public bool Again { get; init; }

    /// <summary>Plugin that the strategy is of; null where it is of none, and in recordings that do not say.</summary>
    public PluginIdentity? Plugin { get; init; }

    /// <summary>Why the plugin's fallback ranked and not the plugin, such as <c>timeout</c>; null where the strategy itself did.</summary>
    public string? Fallback { get; init; }

    /// <summary>Decisions of the router for the model before this one.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Broke ties.</summary>
    public ulong Seed { get; init; }

    /// <summary>What came out.</summary>
    public PickResult Result { get; init; }

    /// <summary>Targets, best first.</summary>
    public ReadOnlySpan<RankedTarget> Picks { get; init; }
}

/// <summary>How the request of a recorded decision ended.</summary>
/// <param name="Decision">Number of the decision.</param>
/// <param name="AtTicks">When that was known, UTC ticks.</param>
/// <param name="Status">How.</param>
/// <param name="TtftSeconds">Seconds to the first token; <see cref="double.NaN"/> when unknown.</param>
/// <param name="E2eSeconds">Seconds to the last token; <see cref="double.NaN"/> when unknown.</param>
/// <param name="PromptTokens">Prompt tokens as they were counted; 0 when unknown.</param>
/// <param name="OutputTokens">Output tokens that came out; 0 when unknown.</param>
public readonly record struct RecordedEnd(long Decision, long AtTicks, RecordedStatus Status, double TtftSeconds, double E2eSeconds, int PromptTokens, int OutputTokens);

/// <summary>Hears what a recording holds, in order.</summary>
public interface IRecordingVisitor
{
    /// <summary>A file begins.</summary>
    void Began(in RecordingHeader header)
    {
    }

    /// <summary>A decision.</summary>
    void Decided(in RecordedDecision decision);

    /// <summary>A request was sent to a target: the counters are those of the moment before.</summary>
    /// <param name="strategy">The strategy that picked it, one of this replay.</param>
    /// <param name="input">Set, request and time, without verdicts.</param>
    /// <param name="target">Row of the target.</param>
    void Sent(IRoutingStrategy strategy, in RankingInput input, int target)
    {
    }

    /// <summary>What came of a request, as a strategy that learns is told.</summary>
    /// <param name="strategy">The strategy that picked it, one of this replay.</param>
    /// <param name="outcome">What came of it.</param>
    void Learned(IRoutingStrategy strategy, in Outcome outcome)
    {
    }

    /// <summary>How a request ended.</summary>
    void Ended(in RecordedEnd end)
    {
    }
}
