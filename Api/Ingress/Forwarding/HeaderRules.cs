using System.Buffers;
using System.Collections.Frozen;
using InferMesh.Api.Http;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Security;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>Which headers end at the ingress.</summary>
internal static class HeaderRules
{
    // RFC 9110, section 7.6.1, and the older ones that proxies agree on.
    private static readonly string[] HopByHop =
    [
        "Connection", "Proxy-Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Proxy-Authenticate",
        "Proxy-Authorization", "Proxy-Authentication-Info", "HTTP2-Settings",
    ];

    // Of the request: what the new request sets itself, and the key that opens this API, which is none of a runtime's business.
    private static readonly FrozenSet<string> RequestOnly = Set("Host", "Content-Length", "Expect", "traceparent", "tracestate", RequestHeaders.RequestId, RequestHeaders.IdempotencyKey, PresentedKey.HeaderName);
    private static readonly SearchValues<char> Legal = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c), '\t']);
    private static readonly FrozenSet<string> ResponseOnly = Set(RequestHeaders.RequestId);

    /// <summary>Whether a header of the client goes on to the runtime.</summary>
    public static bool ForwardsToRuntime(string name, string? connection) => Forwards(name, RequestOnly, connection);

    /// <summary>Whether a header of the runtime goes on to the client.</summary>
    public static bool ForwardsToClient(string name, string? connection) => !SecurityHeaders.IsOurs(name) && Forwards(name, ResponseOnly, connection);

    /// <summary>Whether a value may stand in a header: no control characters, nothing but ASCII.</summary>
    public static bool IsLegal(string value) => !value.AsSpan().ContainsAnyExcept(Legal);

    private static bool Forwards(string name, FrozenSet<string> stops, string? connection) =>
        !stops.Contains(name) && !name.StartsWith(RequestHeaders.Prefix, StringComparison.OrdinalIgnoreCase) && !IsNamed(name, connection);

    /// <summary>A header that Connection names is for this hop only.</summary>
    private static bool IsNamed(string name, string? connection)
    {
        if (string.IsNullOrEmpty(connection)) return false;
        var list = connection.AsSpan();
        foreach (var part in list.Split(','))
        {
            if (list[part].Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }

    private static FrozenSet<string> Set(params string[] names) => HopByHop.Concat(names).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
