using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Grains.Routing.Shadows;

/// <summary>What this silo has counted of each pair of strategies since it started. Thread-safe.</summary>
internal sealed class ShadowTallies
{
    // Strategies change seldom; names of plugins carry versions.
    private const int MaxPairs = 32;
    private const int Fields = 9;

    private readonly ConcurrentDictionary<(string Strategy, string Shadow), ShadowTally> _pairs = new();

    /// <summary>Adds a request; one of more pairs than are kept is left out.</summary>
    public void Add(ShadowCase of, double liveSeconds, double shadowSeconds, bool same)
    {
        var pair = (of.Strategy, of.Shadow);
        if (!_pairs.TryGetValue(pair, out var tally))
        {
            if (_pairs.Count >= MaxPairs) return;
            tally = _pairs.GetOrAdd(pair, static _ => new());
        }
        tally.Add(of.Number, liveSeconds, shadowSeconds, of.ObservedSeconds, same);
    }

    /// <summary>All of it, to be sent.</summary>
    public IReadOnlyList<ShadowReport> ToReports() =>
        [.. _pairs.Select(static p => new ShadowReport(p.Key.Strategy, p.Key.Shadow, [.. p.Value.ToSums().SelectMany(static s => new Int128[] { s.Count, s.Agreed, s.Observed, s.Expected, s.Regret, s.ExpectedSquared, s.ExpectedObserved, s.AgreedObserved, s.AgreedExpected })]))];

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
