namespace InferMesh.Adapters.Runtimes.Vllm;

/// <summary>The addresses of one vLLM server, whichever of its addresses was configured.</summary>
internal sealed class VllmEndpoint
{
    /// <summary>Takes the root from an address with or without a trailing slash, <c>/v1</c> and a path prefix.</summary>
    /// <exception cref="ArgumentException">The address is not an absolute http or https URL.</exception>
    public VllmEndpoint(Uri endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (!endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException($"'{endpoint}' is not an absolute http or https URL", nameof(endpoint));
        if (endpoint.UserInfo.Length > 0)
            throw new ArgumentException("the URL carries a user or password; use a bearer token instead", nameof(endpoint));
        const string ApiSuffix = "/v1";
        var path = endpoint.AbsolutePath.TrimEnd('/');
        if (path.EndsWith(ApiSuffix, StringComparison.Ordinal))
            path = path[..^ApiSuffix.Length].TrimEnd('/');
        Root = endpoint.GetLeftPart(UriPartial.Authority) + path;
        Health = new Uri(Root + "/health");
        Models = new Uri(Root + ApiSuffix + "/models");
        Metrics = new Uri(Root + "/metrics");
        Version = new Uri(Root + "/version");
    }

    public string Root { get; }

    public Uri Health { get; }

    public Uri Models { get; }

    public Uri Metrics { get; }

    public Uri Version { get; }
}
