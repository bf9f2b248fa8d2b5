using InferMesh.Strategies.Experiments;

namespace InferMesh.Grains.Experiments;

/// <summary>What is stored of the outcomes of an experiment.</summary>
/// <param name="Folded">Counts of silos that are gone, of each arm; empty when there are none.</param>
/// <param name="Silos">The latest report of each silo.</param>
/// <param name="Gone">Silos that are gone, the last ones.</param>
[GenerateSerializer, Immutable, Alias("infermesh.StoredOutcomes")]
internal sealed record StoredOutcomes([property: Id(0)] IReadOnlyList<OutcomeCounts> Folded, [property: Id(1)] IReadOnlyList<SiloOutcomes> Silos, [property: Id(2)] IReadOnlyList<string> Gone)
{
    public static StoredOutcomes None { get; } = new([], [], []);
}

/// <summary>
/// Outcomes of an experiment over all silos: the latest report of each that lives, and the sum of those that are gone. Reports may be lost, repeated and late. Memory grows with the silos that
/// live, not with those that ever did. Used by one thread at a time.
/// </summary>
internal sealed class SiloTallies
{
    // A late report of a silo that was folded would count twice: so many of them are remembered, and silos do not come back under their address.
    private const int MostGone = 64;

    private readonly int _arms;
    private readonly ArmTally[] _folded;
    private readonly Dictionary<string, Latest> _silos = new(StringComparer.Ordinal);
    private readonly List<string> _gone = [];

    /// <param name="arms">Number of arms.</param>
    /// <param name="stored">What was stored.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    public SiloTallies(int arms, StoredOutcomes stored, long nowTicks)
    {
        _arms = arms;
        _folded = stored.Folded.Count == arms ? [.. stored.Folded.Select(Tally)] : Empty();
        foreach (var silo in stored.Silos.Where(s => s.Arms.Count == arms)) _silos[silo.Silo] = new(silo, [.. silo.Arms.Select(Tally)], nowTicks);
        _gone.AddRange(stored.Gone);
    }

    /// <summary>Whether something came that <see cref="ToStored"/> has not told of.</summary>
    public bool HasNews { get; private set; }

    /// <summary>Silos whose reports are kept apart.</summary>
    public IReadOnlyCollection<string> Silos => _silos.Keys;

    /// <summary>Takes a report; false for one that is not the latest, of a silo that is gone, or not of these arms.</summary>
    public bool Take(SiloOutcomes report, long nowTicks)
    {
        if (report.Arms.Count != _arms || _gone.Contains(report.Silo)) return false;
        var held = _silos.GetValueOrDefault(report.Silo);
        if (held is not null && (report.Life < held.Report.Life || (report.Life == held.Report.Life && report.Sequence <= held.Report.Sequence))) return false;
        // Before anything changes: it throws for counts that are none.
        ArmTally[] tallies = [.. report.Arms.Select(Tally)];
        // It counts anew: what it had counted before stays counted.
        if (held is not null && report.Life > held.Report.Life) Fold(held);
        _silos[report.Silo] = new(report, tallies, nowTicks);
        HasNews = true;
        return true;
    }

    /// <summary>Adds up the reports of silos that are gone.</summary>
    /// <param name="isGone">Whether a silo is gone, by its address and when it was last heard of, UTC ticks.</param>
    public void Forget(Func<string, long, bool> isGone)
    {
        foreach (var (silo, held) in _silos.Where(s => isGone(s.Key, s.Value.AtTicks)).ToArray())
        {
            Fold(held);
            _silos.Remove(silo);
            _gone.Add(silo);
            if (_gone.Count > MostGone) _gone.RemoveAt(0);
            HasNews = true;
        }
    }

    /// <summary>All outcomes of each arm.</summary>
    public ArmTally[] Sum()
    {
        var sums = Empty();
        for (var arm = 0; arm < _arms; arm++)
        {
            sums[arm].Add(_folded[arm]);
            foreach (var held in _silos.Values) sums[arm].Add(held.Tallies[arm]);
        }
        return sums;
    }

    /// <summary>Requests of each arm in flight; those of silos that are gone went with them.</summary>
    public long[] InFlight() => [.. Enumerable.Range(0, _arms).Select(arm => _silos.Values.Sum(held => held.Report.Arms[arm].InFlight))];

    /// <summary>What is to be stored.</summary>
    public StoredOutcomes ToStored()
    {
        HasNews = false;
        return new([.. _folded.Select(static t => ExperimentMapping.ToWire(t.ToCounts()))], [.. _silos.Values.Select(static h => h.Report)], [.. _gone]);
    }

    private void Fold(Latest held)
    {
        for (var arm = 0; arm < _arms; arm++) _folded[arm].Add(held.Tallies[arm]);
    }

    private ArmTally[] Empty() => [.. Enumerable.Range(0, _arms).Select(static _ => new ArmTally())];

    private static ArmTally Tally(OutcomeCounts counts) => ArmTally.FromCounts(ExperimentMapping.ToCounts(counts));

    private sealed record Latest(SiloOutcomes Report, ArmTally[] Tallies, long AtTicks);
}
