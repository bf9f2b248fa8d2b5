using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Routing;

/// <summary>The routers of the cluster, in turn.</summary>
internal sealed class Routers(IGrainFactory grains)
{
    // Routers are stateless workers; the key only decides over which gateway the call enters the cluster.
    private const uint Keys = 64;

    // To make a reference costs more than to call it: each is made once, at its first use, because an API that waits for its cluster cannot.
    private readonly IRouterGrain?[] _routers = new IRouterGrain?[Keys];
    private uint _next;

    public IRouterGrain Next()
    {
        var key = Interlocked.Increment(ref _next) % Keys;
        return _routers[key] ??= grains.GetGrain<IRouterGrain>(key);
    }
}
