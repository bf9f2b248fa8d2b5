using System.Diagnostics.CodeAnalysis;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>Addresses of a runtime's calls.</summary>
internal static class RuntimeUrl
{
    /// <summary>The address of a path below <c>/v1</c>, whether or not the base URL ends in a slash or in <c>/v1</c>.</summary>
    public static bool TryBuild(string baseUrl, string path, string query, [NotNullWhen(true)] out Uri? url)
    {
        var root = baseUrl.AsSpan().TrimEnd('/');
        if (root.EndsWith("/v1", StringComparison.OrdinalIgnoreCase)) root = root[..^3].TrimEnd('/');
        return Uri.TryCreate($"{root}{path}{query}", UriKind.Absolute, out url) && url.Scheme is "http" or "https";
    }
}
