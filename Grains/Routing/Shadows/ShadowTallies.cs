using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Grains.Routing.Shadows;

/// <summary>What this silo has counted of each pair of strategies since it started. Thread-safe.</summary>
internal sealed class ShadowTallies
{
    // Names of plugins carry versions, and experiments have arms: the pair that was asked about longest ago goes.
    private const int MaxPairs = 32;
    private const int Fields = 9;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Strategy, string Shadow), (ShadowTally Tally, long Used)> _pairs = [];
    private long _uses;

    /// <summary>Adds a request.</summary>
    public void Add(ShadowCase of, double liveSeconds, double shadowSeconds, bool same)
    {
        ShadowTally tally;
        lock (_gate)
        {
            var pair = (of.Strategy, of.Shadow);
            tally = _pairs.GetValueOrDefault(pair).Tally ?? new();
            _pairs[pair] = (tally, ++_uses);
            if (_pairs.Count > MaxPairs) _pairs.Remove(_pairs.MinBy(static p => p.Value.Used).Key);
        }
        tally.Add(of.Number, liveSeconds, shadowSeconds, of.ObservedSeconds, same);
    }

    /// <summary>All of it, to be sent.</summary>
    public IReadOnlyList<ShadowReport> ToReports()
    {
        lock (_gate)
            return [.. _pairs.Select(static p => new ShadowReport(p.Key.Strategy, p.Key.Shadow, [.. p.Value.Tally.ToSums().SelectMany(static s => new Int128[] { s.Count, s.Agreed, s.Observed, s.Expected, s.Regret, s.ExpectedSquared, s.ExpectedObserved, s.AgreedObserved, s.AgreedExpected })]))];
    }

    /// <summary>Adds up what silos have sent of one pair.</summary>
    public static ShadowTally Sum(IEnumerable<Int128[]> sent)
    {
        var all = new ShadowTally();
        foreach (var n in sent)
        {
            all.Add([.. n.Chunk(Fields).Select(static f => new ShadowSums((long)f[0], (long)f[1], (long)f[2], (long)f[3], (long)f[4], f[5], f[6], (long)f[7], (long)f[8]))]);
        }
        return all;
    }
}
