using InferMesh.Strategies.Experiments;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Recording;

/// <summary>
/// Puts recorded decisions to another strategy, each in the state in which it was made. What the other would have done to the state is not known: the recorded picks were sent, its own were not. A strategy that
/// learns is told what was sent and what came of it.
/// </summary>
/// <param name="make">Makes the other strategy: one for each that was recorded, as each router has its own.</param>
public sealed class DecisionComparison(Func<IRoutingStrategy> make) : IRecordingVisitor
{
    private readonly Dictionary<IRoutingStrategy, IRoutingStrategy> _others = new(ReferenceEqualityComparer.Instance);
    private readonly RankedTarget[] _best = new RankedTarget[RoutingRequest.MaxTargetsLimit];
    private readonly Dictionary<string, (long Recorded, long Other)> _picks = new(StringComparer.Ordinal);
    private readonly OutcomeHistogram _worse = new(), _better = new();
    private bool _hadPrefix, _wasTold;

    /// <summary>Decisions that both routed.</summary>
    public long Compared { get; private set; }

    /// <summary>Decisions of which one routed and the other did not.</summary>
    public long OtherOutcome { get; private set; }

    /// <summary>Decisions that neither routed.</summary>
    public long Refused { get; private set; }

    /// <summary>Compared decisions with the same first target.</summary>
    public long SameFirst { get; private set; }

    /// <summary>Compared decisions with the same hedge: both the same second target, or none.</summary>
    public long SameHedge { get; private set; }

    /// <summary>Expected seconds of the recorded first targets less those of the other's, by the cost model with its default weights (<see cref="ShadowRegret"/>), summed. Above 0 the other's are cheaper.</summary>
    public double RegretSeconds { get; private set; }

    /// <summary>Expected seconds of the recorded first targets, summed, by the same model.</summary>
    public double RecordedSeconds { get; private set; }

    /// <summary>Where the other's first target is cheaper: in how many decisions, and by how many seconds in the middle and at the 99th percentile.</summary>
    public (long Decisions, double P50, double P99) Cheaper => Of(_better);

    /// <summary>The same where it is dearer.</summary>
    public (long Decisions, double P50, double P99) Dearer => Of(_worse);

    /// <summary>Decisions of which the other's first target is another one that costs the same.</summary>
    public long SameCost { get; private set; }

    /// <summary>Whether the other goes by the start of prompts, and the recording has none: the recorded strategies did not look at it.</summary>
    public bool LacksPrefixes => !_hadPrefix && _others.Values.Any(static o => o.WantsPrefix);

    /// <summary>Whether the other learns, and the recording has nothing that it could learn from: it is a sample.</summary>
    public bool LacksOutcomes => !_wasTold && _others.Values.Any(static o => o is ILearningStrategy);

    /// <summary>How often each node was the first target, recorded and by the other.</summary>
    public IReadOnlyDictionary<string, (long Recorded, long Other)> Picks => _picks;

    /// <inheritdoc/>
    public void Decided(in RecordedDecision decision)
    {
        _hadPrefix |= decision.Request.Prefix.Length > 0;
        var best = _best.AsSpan(0, Math.Clamp(decision.Request.MaxTargets, 1, _best.Length));
        var result = DecisionKernel.Pick(decision.Targets, decision.Request, decision.Policy with { Strategy = Other(decision.Policy.Strategy) }, decision.NowTicks, decision.Sequence, decision.Seed, best);
        var (ours, theirs) = (decision.Result.Outcome == DecisionOutcome.Routed, result.Outcome == DecisionOutcome.Routed);
        if (!ours || !theirs)
        {
            if (ours == theirs) Refused++;
            else OtherOutcome++;
            return;
        }
        Compared++;
        int recorded = decision.Picks[0].Target, other = best[0].Target;
        Count(decision.Targets.Identity[recorded].NodeId, 1, 0);
        Count(decision.Targets.Identity[other].NodeId, 0, 1);
        if (HedgeOf(decision.Result, decision.Picks) == HedgeOf(result, best)) SameHedge++;
        var (live, shadow) = ShadowRegret.OfRows(decision.Targets, decision.Request, recorded, other, decision.NowTicks);
        RecordedSeconds += live;
        if (recorded == other)
        {
            SameFirst++;
            return;
        }
        RegretSeconds += live - shadow;
        if (live == shadow) SameCost++;
        else (live > shadow ? _better : _worse).Add(Math.Abs(live - shadow));
    }

    /// <inheritdoc/>
    public void Sent(IRoutingStrategy strategy, in RankingInput input, int target)
    {
        _wasTold = true;
        if (Other(strategy) is ILearningStrategy learning) learning.Dispatched(input, target);
    }

    /// <inheritdoc/>
    public void Learned(IRoutingStrategy strategy, in Outcome outcome)
    {
        _wasTold = true;
        if (Other(strategy) is ILearningStrategy learning) learning.Completed(outcome);
    }

    private IRoutingStrategy Other(IRoutingStrategy recorded)
    {
        if (!_others.TryGetValue(recorded, out var other)) _others.Add(recorded, other = make());
        return other;
    }

    private static int HedgeOf(in PickResult result, ReadOnlySpan<RankedTarget> picks) => result.Hedge.Verdict == Hedging.HedgeVerdict.Planned ? picks[result.Hedge.Pick].Target : -1;

    private static (long Decisions, double P50, double P99) Of(OutcomeHistogram values)
    {
        var count = values.Count();
        return count == 0 ? default : (count, OutcomeHistogram.Middle(values.StepFromTop(count * 0.5, 0)), OutcomeHistogram.Middle(values.StepFromTop(Math.Max(1, count * 0.01), 0)));
    }

    private void Count(string node, int recorded, int other)
    {
        var known = _picks.GetValueOrDefault(node);
        _picks[node] = (known.Recorded + recorded, known.Other + other);
    }
}
