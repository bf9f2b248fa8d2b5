using System.Collections.Frozen;
using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>All endpoints at one moment, by every name that clients may use. Immutable.</summary>
internal sealed class EndpointTable
{
    private readonly FrozenDictionary<string, ServingEndpoint> _byName;

    public EndpointTable(IEnumerable<MeshEndpoint> endpoints)
    {
        All = [.. endpoints.OrderBy(e => e.Name, StringComparer.Ordinal).Select(e => new ServingEndpoint(e))];
        var byName = new Dictionary<string, ServingEndpoint>(StringComparer.Ordinal);
        foreach (var endpoint in All) byName[endpoint.Name] = endpoint;
        // An alias changes hands in two versions that may arrive in any order: for that moment a name wins over an alias, and the smaller name over the larger one.
        foreach (var endpoint in All)
        {
            foreach (var alias in endpoint.Spec.Aliases) byName.TryAdd(alias, endpoint);
        }
        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Listing that it was made from: the life of the index, and a number that grows within it.</summary>
    public (long Incarnation, long Version) Listing { get; init; }

    /// <summary>Endpoints by name.</summary>
    public IReadOnlyList<ServingEndpoint> All { get; }

    /// <summary>The endpoint of a name or an alias; null when it is none's.</summary>
    public ServingEndpoint? Find(string name) => _byName.GetValueOrDefault(name);
}
