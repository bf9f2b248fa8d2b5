using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Grains.Routing.Shadows;

/// <inheritdoc cref="IShadowGrain"/>
/// <remarks>In memory alone: silos send all that they have, so that a new activation knows as much within seconds, but for silos that are gone.</remarks>
[GrainType("shadows"), KeepAlive]
internal sealed class ShadowGrain : Grain, IShadowGrain
{
    private const int MaxSilos = 256;

    private readonly Dictionary<string, (IReadOnlyList<ShadowReport> Sums, long Order)> _silos = new(StringComparer.Ordinal);
    private long _reports;

    public Task Report(string silo, IReadOnlyList<ShadowReport> sums)
    {
        _silos[silo] = (sums, ++_reports);
        // Lives of silos that ended long ago.
        if (_silos.Count > MaxSilos) _silos.Remove(_silos.MinBy(static s => s.Value.Order).Key);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ShadowComparison>> List() => Task.FromResult<IReadOnlyList<ShadowComparison>>(
        [.. _silos.Values.SelectMany(static s => s.Sums).GroupBy(static s => (s.Strategy, s.Shadow), static s => s.Sums).OrderBy(static p => p.Key.Strategy, StringComparer.Ordinal).ThenBy(static p => p.Key.Shadow, StringComparer.Ordinal)
            .Select(static pair => Compare(pair.Key.Strategy, pair.Key.Shadow, ShadowTallies.Sum(pair)))]);

    private static ShadowComparison Compare(string strategy, string shadow, ShadowTally tally)
    {
        var all = tally.ToSums().Aggregate(default(ShadowSums), static (a, b) => a + b);
        var estimate = ShadowEstimate.Of(tally);
        return new(strategy, shadow, all.Count, all.Count > 0 ? (double)all.Agreed / all.Count : 0,
            estimate is null ? null : new(estimate.PricedSeconds, estimate.Slope, estimate.RegretSeconds, estimate.Low, estimate.High, estimate.SelectionGapSeconds));
    }
}
