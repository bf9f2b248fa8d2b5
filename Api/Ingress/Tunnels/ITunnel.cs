using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>Carries calls in which both sides may speak at any time. They are not hedged: to ask two nodes would be to hold two conversations.</summary>
internal interface ITunnel
{
    /// <summary>Carries the call to its end and returns the name of the outcome, for metrics.</summary>
    /// <param name="context">The call.</param>
    /// <param name="body">What has been read of its body.</param>
    /// <param name="query">What routing knows of it.</param>
    /// <param name="settings">Limits.</param>
    Task<string> RunAsync(HttpContext context, ReadOnlyMemory<byte> body, RouteQuery query, IngressSettings settings);
}
