using InferMesh.Simulator.Configuration.Validation;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Results;
using InferMesh.Simulator.Service;
using InferMesh.Strategies;
using InferMesh.Strategies.Experiments;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Simulator.Experiments;

/// <summary>The experiment of one run: which arm a request gets, what came of it, and what the rules of the live mesh make of that, looked at every so many outcomes.</summary>
internal sealed class ExperimentMeter
{
    private const int OutcomesPerLook = 100;
    private const sbyte NotAsked = sbyte.MinValue;

    private readonly ulong _seed;
    private readonly ArmTally[] _tallies;
    private readonly List<ExperimentTransition> _transitions = [];
    private readonly List<sbyte> _arms = [];
    private ExperimentState _state = ExperimentState.Start(MeshRouter.Ticks(0));
    private ArmSplit _split;
    private IReadOnlyList<MetricComparison>? _last;
    private long _outcomes;

    public ExperimentMeter(ExperimentSpec spec, ulong seed)
    {
        (Spec, _seed) = (spec, seed);
        _tallies = [.. spec.Arms.Select(_ => new ArmTally())];
        _split = new(spec, _state);
    }

    public ExperimentSpec Spec { get; }

    /// <summary>Throws what is wrong with an experiment here.</summary>
    /// <exception cref="ArgumentException">Something is.</exception>
    public static void Check(ExperimentSpec spec, IStrategySource? others)
    {
        if (ExperimentSpecValidator.Check(spec, others?.Routing) is [var first, ..]) throw new ArgumentException(first.Message, nameof(spec));
        if (spec.Arms.Count > sbyte.MaxValue) throw new ArgumentException($"arms must be {sbyte.MaxValue} or fewer.", nameof(spec));
        if (spec.Unit == AssignmentUnit.Header) throw new ArgumentException("unit must be request, session or tenant: simulated requests have no headers.", nameof(spec));
        foreach (var arm in spec.Arms)
        {
            if (StrategyChecks.IsBuiltIn(arm.Strategy) && StrategyCatalog.Create(arm.Strategy, arm.Parameters) is IKvEventStrategy { WantsKvEvents: true })
                throw new ArgumentException($"Arm {arm.Name} has a strategy that listens to KV events: only one strategy of a simulated run can.", nameof(spec));
        }
    }

    /// <summary>The arm whose strategy decides a request; it stays for all its attempts, whatever becomes of the split. The control for a request outside the experiment.</summary>
    public int ArmOf(SimRequest request) => Math.Max(0, Assigned(request));

    public void Completed(in SimRequest request, long ttftNs, long e2eNs, long nowNs) => Record(request, new(ttftNs / 1e9, e2eNs / 1e9, double.NaN, Failed: false), nowNs);

    public void Failed(in SimRequest request, long nowNs) => Record(request, new(double.PositiveInfinity, double.PositiveInfinity, double.NaN, Failed: true), nowNs);

    /// <summary>A last look.</summary>
    public void End(long nowNs) => Look(nowNs);

    public ExperimentResult ToResult(StrategyResult run) =>
        new(run.Seed, run.Complete, _state, _transitions, _last ?? ExperimentRules.Compare(Spec, _state, _tallies), [.. _tallies.Select(t => t.Requests)], run);

    private void Record(in SimRequest request, in ArmOutcome outcome, long nowNs)
    {
        if (Assigned(request) is not (var arm and >= 0)) return;
        _tallies[arm].Record(outcome);
        if (++_outcomes % OutcomesPerLook == 0) Look(nowNs);
    }

    private void Look(long nowNs)
    {
        var step = ExperimentRules.Step(Spec, _state, _tallies, MeshRouter.Ticks(nowNs));
        _state = step.State;
        if (step.Transitions.Count == 0) return;
        _transitions.AddRange(step.Transitions);
        // What the control does when nobody is beside it any more is no comparison.
        if (!_state.IsOpen) _last ??= ExperimentRules.Compare(Spec, _state, _tallies);
        _split = new(Spec, _state);
    }

    private int Assigned(in SimRequest request)
    {
        while (_arms.Count <= request.Id) _arms.Add(NotAsked);
        if (_arms[request.Id] == NotAsked) _arms[request.Id] = UnitOf(request) is (var unit and >= 0) ? (sbyte)_split.ArmOf((ulong)unit + (_seed << 32)) : (sbyte)ArmSplit.Outside;
        return _arms[request.Id];
    }

    private int UnitOf(in SimRequest request) => Spec.Unit switch
    {
        AssignmentUnit.Session => request.Session,
        AssignmentUnit.Tenant => request.Tenant,
        _ => request.Id,
    };
}
