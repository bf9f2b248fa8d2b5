using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Grains.Endpoints;

/// <summary>Puts the whole keys in place of the digits that were shown of them.</summary>
internal static class EndpointKeys
{
    /// <param name="spec">As it was sent.</param>
    /// <param name="current">What the endpoint has; null when it has nothing.</param>
    /// <returns>The same with every key that stands for one of the endpoint's own; others are left to the validator.</returns>
    public static EndpointSpec Complete(EndpointSpec spec, EndpointAuth? current) => spec.Auth is { } auth ? spec with { Auth = auth.Completed(current) } : spec;
}
