using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Policies;

/// <summary>
/// The strategies of the policies in force. One lives as long as its policy names it with the same parameters, over all tables and versions meanwhile: what it has
/// learned would otherwise go with each table. That of a plugin lives as long as the same version of it serves. Used by one thread.
/// </summary>
/// <param name="plugins">Finds the plugin that a policy names; null when this silo does not have it. Without it there are no plugins.</param>
internal sealed class PolicyStrategies(Func<PluginReference, LoadedPlugin?>? plugins = null)
{
    private readonly Dictionary<string, Entry> _strategies = new(StringComparer.Ordinal);

    public int Count => _strategies.Count;

    /// <summary>Plugins whose strategies are in use.</summary>
    public IReadOnlySet<LoadedPlugin> Plugins => _strategies.Values.Select(static e => e.Plugin).OfType<LoadedPlugin>().ToHashSet();

    /// <summary>Plugins that are named, whether this silo has them or not.</summary>
    public IReadOnlySet<PluginReference> Named => _strategies.Values.Select(static e => e.Named).OfType<PluginReference>().ToHashSet();

    /// <summary>Policies that name a plugin and have its fallback, by name.</summary>
    public IReadOnlyList<string> OnFallback => [.. _strategies.Where(static s => s.Value.IsFallback).Select(static s => s.Key).Order(StringComparer.Ordinal)];

    /// <summary>Whether a policy names a plugin and has its fallback, or one that is in quarantine, so that its fallback answers until it is loaded anew.</summary>
    public bool IsOnFallback(string policy) => _strategies.TryGetValue(policy, out var known) && (known.IsFallback || known.Plugin is { IsQuarantined: true });

    /// <summary>The strategy of a policy: the one it had, or a new one. Where it names a plugin that this silo does not have, or that does not take its parameters, the fallback.</summary>
    /// <exception cref="ArgumentException">This version does not know the strategy of the catalogue, or a parameter of it.</exception>
    public IRoutingStrategy For(string policy, RoutingSpec spec)
    {
        var named = plugins is null ? null : PluginReference.Of(spec.Strategy);
        var plugin = named is { } which ? plugins!(which) : null;
        if (_strategies.TryGetValue(policy, out var known) && known.Plugin == plugin && Same(known.Spec, spec)) return known.Strategy;
        var fallback = StrategyCatalog.Create(named is null ? spec.Strategy : spec.Fallback ?? RoutingSpec.DefaultFallback, named is null ? spec.Parameters : null);
        var made = plugin is null ? null : Make(plugin, spec, fallback);
        _strategies[policy] = new(spec, named, plugin, made ?? fallback, named is not null && made is null);
        return made ?? fallback;
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

    private static IRoutingStrategy? Make(LoadedPlugin plugin, RoutingSpec spec, IRoutingStrategy fallback)
    {
        // A version that was forced into place may have other parameters.
        if (plugin.Validate(spec.Parameters).Count > 0) return null;
        try
        {
            return plugin.CreateRouting(spec.Parameters, fallback, FallbackWatch.Asked);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool Same(RoutingSpec a, RoutingSpec b) =>
        a.Strategy == b.Strategy && a.Fallback == b.Fallback && a.Parameters.Count == b.Parameters.Count
        && a.Parameters.All(p => b.Parameters.TryGetValue(p.Key, out var value) && value.Equals(p.Value));

    private sealed record Entry(RoutingSpec Spec, PluginReference? Named, LoadedPlugin? Plugin, IRoutingStrategy Strategy, bool IsFallback);
}
