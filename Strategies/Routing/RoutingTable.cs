using System.Collections.Frozen;
using InferMesh.Strategies.Policies;

namespace InferMesh.Strategies.Routing;

/// <summary>Everything that decisions read: one immutable object, swapped as a whole, so that no request sees half a change.</summary>
public sealed class RoutingTable
{
    /// <summary>Creates a table.</summary>
    public RoutingTable(long version, IEnumerable<TargetSet> models, PolicySet policies)
    {
        Version = version;
        Models = models.ToFrozenDictionary(m => m.Model, StringComparer.Ordinal);
        Policies = policies;
    }

    /// <summary>A table without targets.</summary>
    public static RoutingTable Empty { get; } = new(0, [], PolicySet.Empty);

    /// <summary>Grows by one with each swap of a router process.</summary>
    public long Version { get; }

    /// <summary>Targets by model name.</summary>
    public FrozenDictionary<string, TargetSet> Models { get; }

    /// <summary>Compiled policies.</summary>
    public PolicySet Policies { get; }
}
