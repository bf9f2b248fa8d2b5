using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Policies;
using InferMesh.Strategies.Policies;

namespace InferMesh.Grains.Endpoints;

/// <summary>Turns a stored endpoint into the rule that decisions for its requests use. Names, weights, keys and placement are applied where requests come in.</summary>
internal static class EndpointCompiler
{
    /// <param name="endpoint">An endpoint that passed <see cref="EndpointValidator"/>.</param>
    /// <param name="strategies">The strategies in force, with what they have learned.</param>
    /// <returns>The rule; null for an endpoint that leaves everything to the policies.</returns>
    /// <exception cref="ArgumentException">It names a strategy or a parameter that this version does not know.</exception>
    public static PolicyRule? Compile(MeshEndpoint endpoint, PolicyStrategies strategies)
    {
        var spec = endpoint.Spec;
        if (!spec.Enabled || (spec.Routing is null && spec.Hedging is null)) return null;
        var name = RuleName(endpoint.Name);
        return new(name, endpoint.Version, int.MaxValue, new([.. spec.Models.Select(m => m.Model)], [], []))
        {
            Strategy = spec.Routing is { } routing ? strategies.For(name, routing) : null,
            Hedging = spec.Hedging is { } hedging ? PolicyCompiler.Hedging(hedging) : null,
        };
    }

    /// <summary>No policy has a slash in its name: the two never meet.</summary>
    private static string RuleName(string endpoint) => $"endpoint/{endpoint}";
}
