using System.Net;
using InferMesh.Api.Security.Access;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Security.Callers;

/// <summary>Development mode: who is on this machine, and no web page of another site, is an admin.</summary>
internal static class LocalCaller
{
    /// <summary>The implicit admin.</summary>
    public static Caller Admin { get; } = new("local-admin", CallerKind.Development, [Role.Admin], Scope.Mesh);

    /// <summary>Why a caller is not the implicit admin; null when it is.</summary>
    public static string? Refusal(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address)) return "the caller is not on this machine";
        // A proxy on this machine speaks for callers that may be anywhere.
        if (headers.ContainsKey("X-Forwarded-For") || headers.ContainsKey("X-Original-For") || headers.ContainsKey("Forwarded")) return "the call came through a proxy";
        // A web page that the operator has open must not be able to use the mesh through the operator's browser, not even under a name that leads to this machine.
        if (!IsLocalName(context.Request.Host.Host)) return "the call is for a host name that is not this machine's, such as localhost";
        return IsForeignOrigin(context.Request) ? "the call came from a web page of another site" : null;
    }

    private static bool IsLocalName(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _)
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsForeignOrigin(HttpRequest request)
    {
        var origin = request.Headers[HeaderNames.Origin].ToString();
        return origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
