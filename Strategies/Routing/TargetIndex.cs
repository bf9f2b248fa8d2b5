using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Routing;

/// <summary>
/// Keeps, for a set that one owner updates in place, what a decision would otherwise have to work out anew for every target: who is eligible under an admission limit, and
/// bounds on what targets cost. Not thread safe.
/// </summary>
internal sealed class TargetIndex
{
    private readonly TargetSet _targets;
    private readonly FilterReason[] _verdicts;
    private readonly double[] _loads;
    private readonly double[] _rooms;
    private readonly EligibleCounts _counts;
    private AdmissionLimits _limits = AdmissionLimits.Default;
    private BoundTree? _tree;

    public TargetIndex(TargetSet targets)
    {
        _targets = targets;
        _verdicts = new FilterReason[targets.Count];
        _loads = new double[targets.Count];
        _rooms = new double[targets.Count];
        _counts = new(targets.Count);
        Links = new(targets);
        Cells = new(targets);
        Rebuild(_limits);
    }

    /// <summary>Verdict of each target on its own: standing and admission, nothing that a request or a policy asks for.</summary>
    public ReadOnlySpan<FilterReason> Verdicts => _verdicts;

    /// <summary>Targets whose verdict is none.</summary>
    public int Eligible => _counts.Count;

    /// <summary>Requests on the eligible targets.</summary>
    public double EligibleLoad { get; private set; }

    /// <summary>Sequences that the eligible targets batch.</summary>
    public double EligibleRoom { get; private set; }

    /// <summary>When each cell last reported.</summary>
    public CellClocks Cells { get; }

    /// <summary>What links there are.</summary>
    public LinkTable Links { get; }

    /// <summary>
    /// Bounds on scores, made when a strategy first asks for them. What another one asks for later only has looser bounds where it weighs age or others differently, and none for its fixed score.
    /// </summary>
    public BoundTree Tree(CostModel cost, IFixedScore? fixedScore = null)
    {
        if (_tree is null || (fixedScore is not null && _tree.Fixed is null))
        {
            _tree = new(_targets, Cells, cost, fixedScore);
            _tree.Fill(_verdicts, _loads);
        }
        return _tree;
    }

    /// <summary>Makes the verdicts those of an admission limit.</summary>
    public void Use(AdmissionLimits limits)
    {
        if (!ReferenceEquals(limits, _limits) && limits != _limits) Rebuild(limits);
    }

    /// <summary>Takes a changed target in.</summary>
    public void Changed(int target)
    {
        var load = _targets.Load(target);
        var verdict = Judge(target, load);
        var before = _verdicts[target];
        var room = _targets.BatchSize(target);
        if (before == FilterReason.None) (EligibleLoad, EligibleRoom) = (EligibleLoad - _loads[target], EligibleRoom - _rooms[target]);
        if (verdict == FilterReason.None) (EligibleLoad, EligibleRoom) = (EligibleLoad + load, EligibleRoom + room);
        if (before != verdict) _counts.Set(target, verdict == FilterReason.None);
        (_verdicts[target], _loads[target], _rooms[target]) = (verdict, load, room);
        _tree?.Changed(target, verdict == FilterReason.None, load);
    }

    /// <summary>Takes a report of a cell in.</summary>
    public void Refreshed(int cell, long sampledAtTicks) => _tree?.Refreshed(cell, sampledAtTicks);

    /// <summary>The target follows its cell no more.</summary>
    public void Held(int target) => _tree?.Held(target);

    /// <summary>The eligible target with <paramref name="rank"/> eligible ones before it.</summary>
    public int EligibleAt(int rank) => _counts.At(rank);

    private void Rebuild(AdmissionLimits limits)
    {
        _limits = limits;
        (EligibleLoad, EligibleRoom) = (0, 0);
        for (var i = 0; i < _verdicts.Length; i++)
        {
            (_loads[i], _rooms[i]) = (_targets.Load(i), _targets.BatchSize(i));
            _verdicts[i] = Judge(i, _loads[i]);
            _counts.Set(i, _verdicts[i] == FilterReason.None);
            if (_verdicts[i] == FilterReason.None) (EligibleLoad, EligibleRoom) = (EligibleLoad + _loads[i], EligibleRoom + _rooms[i]);
        }
        _tree?.Fill(_verdicts, _loads);
    }

    private FilterReason Judge(int target, double load) =>
        _targets.Standing[target] is var standing and not FilterReason.None ? standing : TargetFilter.Load(_targets, target, load, _limits);
}
