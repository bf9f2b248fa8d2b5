using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>Where the runtime of a target takes gRPC calls.</summary>
internal static class GrpcAddress
{
    private const int TritonPort = 8001;

    /// <summary>What its node reports; for Triton, else, the port that it has by default; null when there is none.</summary>
    public static string? Of(RouteTarget target)
    {
        if (target.GrpcEndpoint.Length > 0) return target.GrpcEndpoint;
        return target.Runtime.Equals("triton", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(target.Endpoint, UriKind.Absolute, out var http)
            ? new UriBuilder(http.Scheme, http.Host, TritonPort).Uri.GetLeftPart(UriPartial.Authority)
            : null;
    }
}
