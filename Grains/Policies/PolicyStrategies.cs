using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Strategies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Policies;

/// <summary>
/// The strategies of the policies in force. One lives as long as its policy names it with the same parameters, over all tables and versions meanwhile: what it has
/// learned would otherwise go with each table. Used by one thread.
/// </summary>
internal sealed class PolicyStrategies
{
    private readonly Dictionary<string, (RoutingSpec Spec, IRoutingStrategy Strategy)> _strategies = new(StringComparer.Ordinal);

    public int Count => _strategies.Count;

    /// <summary>The strategy of a policy: the one it had, or a new one.</summary>
    /// <exception cref="ArgumentException">This version does not know the strategy or a parameter.</exception>
    public IRoutingStrategy For(string policy, RoutingSpec spec)
    {
        if (_strategies.TryGetValue(policy, out var known) && Same(known.Spec, spec)) return known.Strategy;
        var strategy = StrategyCatalog.Create(spec.Strategy, spec.Parameters);
        _strategies[policy] = (spec, strategy);
        return strategy;
    }

    /// <summary>Forgets the strategies that no rule uses any more.</summary>
    public void Keep(IEnumerable<IRoutingStrategy?> used)
    {
        var live = used.ToHashSet();
        foreach (var (policy, entry) in _strategies)
        {
            if (!live.Contains(entry.Strategy)) _strategies.Remove(policy);
        }
    }

    private static bool Same(RoutingSpec a, RoutingSpec b) =>
        a.Strategy == b.Strategy && a.Parameters.Count == b.Parameters.Count && a.Parameters.All(p => b.Parameters.TryGetValue(p.Key, out var value) && value.Equals(p.Value));
}
