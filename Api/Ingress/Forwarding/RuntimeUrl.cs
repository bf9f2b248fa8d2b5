using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>Addresses of a runtime's calls.</summary>
internal static class RuntimeUrl
{
    // No scheme of its own on the wire: HTTP/2 from the first byte, without TLS.
    private const string Http2 = "h2c";

    /// <summary>The address of a path below <c>/v1</c>, whether or not the base URL ends in a slash or in <c>/v1</c>.</summary>
    public static bool TryBuild(string baseUrl, string path, string query, [NotNullWhen(true)] out Uri? url)
    {
        var root = baseUrl.AsSpan().TrimEnd('/');
        if (root.EndsWith("/v1", StringComparison.OrdinalIgnoreCase)) root = root[..^3].TrimEnd('/');
        return Uri.TryCreate($"{root}{path}{query}", UriKind.Absolute, out url) && url.Scheme is "http" or "https" or Http2;
    }

    /// <summary>
    /// Addresses a request: HTTP/2 where TLS agrees on it or the scheme is <c>h2c</c>, HTTP/1.1 otherwise.
    /// </summary>
    public static void Address(HttpRequestMessage request, Uri url)
    {
        (request.Version, request.VersionPolicy) = url.Scheme switch
        {
            Http2 => (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact),
            "https" => (HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower),
            _ => (HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact),
        };
        request.RequestUri = AsHttp(url);
    }

    /// <summary>The same address with the scheme that goes on the wire.</summary>
    public static Uri AsHttp(Uri url) => url.Scheme == Http2 ? new("http" + url.OriginalString[Http2.Length..]) : url;
}
