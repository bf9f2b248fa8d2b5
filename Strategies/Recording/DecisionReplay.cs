using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Recording;

/// <summary>A decision that came out otherwise than recorded.</summary>
/// <param name="Number">Its number.</param>
/// <param name="AtTicks">When it was made, UTC ticks.</param>
/// <param name="Strategy">The strategy.</param>
/// <param name="Recorded">What was recorded, readable.</param>
/// <param name="Replayed">What came out, readable.</param>
public sealed record DecisionDifference(long Number, long AtTicks, string Strategy, string Recorded, string Replayed);

/// <summary>Decides again what a recording holds, with the recorded strategies, and compares bit for bit: outcome, targets in order, scores, hedge, time to come back. Allocates nothing for a decision that is the same.</summary>
/// <param name="differencesKept">Differences whose account is kept.</param>
public sealed class DecisionReplay(int differencesKept = 10) : IRecordingVisitor
{
    private readonly RankedTarget[] _best = new RankedTarget[RoutingRequest.MaxTargetsLimit];
    private readonly List<DecisionDifference> _differences = [];
    private readonly long[] _skipped = new long[Enum.GetValues<Replayable>().Length];
    private readonly Dictionary<PluginIdentity, long> _missing = [];
    private readonly SortedDictionary<string, long> _fallbacks = new(StringComparer.Ordinal);

    /// <summary>Decisions that were made again.</summary>
    public long Replayed { get; private set; }

    /// <summary>Those of them that came out the same, bit for bit.</summary>
    public long Identical { get; private set; }

    /// <summary>The first differences.</summary>
    public IReadOnlyList<DecisionDifference> Differences => _differences;

    /// <summary>Decisions that cannot be made again, for a reason.</summary>
    public long Skipped(Replayable reason) => _skipped[(int)reason];

    /// <summary>Of those that cannot because their plugin is not here: how many of each plugin that the recording names.</summary>
    public IReadOnlyDictionary<PluginIdentity, long> Missing => _missing;

    /// <summary>Decisions made again that the fallback of a plugin had made, by why.</summary>
    public IReadOnlyDictionary<string, long> Fallbacks => _fallbacks;

    /// <inheritdoc/>
    public void Decided(in RecordedDecision decision)
    {
        if (decision.Replayable != Replayable.Yes)
        {
            _skipped[(int)decision.Replayable]++;
            if (decision is { Replayable: Replayable.Plugin, Fallback: null, Plugin: { } missing }) _missing[missing] = _missing.GetValueOrDefault(missing) + 1;
            return;
        }
        Replayed++;
        if (decision.Fallback is { } why) _fallbacks[why] = _fallbacks.GetValueOrDefault(why) + 1;
        var best = _best.AsSpan(0, Math.Clamp(decision.Request.MaxTargets, 1, _best.Length));
        var result = DecisionKernel.Pick(decision.Targets, decision.Request, decision.Policy, decision.NowTicks, decision.Sequence, decision.Seed, best);
        // The same picks by another hand are not the same decision.
        var fellBack = result.Outcome == DecisionOutcome.Routed ? (decision.Policy.Strategy as ReplayedPlugin)?.NewFallback : null;
        if (fellBack is null && result == decision.Result && Same(best[..result.Count], decision.Picks)) Identical++;
        else if (_differences.Count < differencesKept) _differences.Add(new(decision.Number, decision.NowTicks, decision.Policy.Strategy.Name, Text(decision, decision.Result, decision.Picks), Text(decision, result, best[..result.Count], fellBack)));
    }

    /// <inheritdoc/>
    public void Sent(IRoutingStrategy strategy, in RankingInput input, int target)
    {
        if (strategy is ILearningStrategy learning) learning.Dispatched(input, target);
    }

    /// <inheritdoc/>
    public void Learned(IRoutingStrategy strategy, in Outcome outcome)
    {
        if (strategy is ILearningStrategy learning) learning.Completed(outcome);
    }

    // Scores by their bits: two that compare equal may still be another zero.
    private static bool Same(ReadOnlySpan<RankedTarget> a, ReadOnlySpan<RankedTarget> b)
    {
        if (a.Length != b.Length) return false;
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i].Target != b[i].Target || BitConverter.DoubleToInt64Bits(a[i].Score) != BitConverter.DoubleToInt64Bits(b[i].Score)) return false;
        }
        return true;
    }

    private static string Text(in RecordedDecision decision, in PickResult result, ReadOnlySpan<RankedTarget> picks, string? fellBack = null)
    {
        if (result.Outcome != DecisionOutcome.Routed) return FormattableString.Invariant($"{result.Outcome}, again in {result.RetryAfter.TotalSeconds} s");
        var text = new System.Text.StringBuilder();
        foreach (var pick in picks) text.Append(text.Length > 0 ? ", " : "").Append(FormattableString.Invariant($"{decision.Targets.Identity[pick.Target].NodeId} {pick.Score:R}"));
        if (result.Hedge.Verdict == Hedging.HedgeVerdict.Planned) text.Append(FormattableString.Invariant($"; hedge {result.Hedge.Pick} after {result.Hedge.Delay.TotalMilliseconds} ms"));
        if (fellBack is not null) text.Append(FormattableString.Invariant($"; by the plugin's fallback ({fellBack})"));
        return text.ToString();
    }
}
