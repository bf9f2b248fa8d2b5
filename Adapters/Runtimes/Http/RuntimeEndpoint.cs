namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>One root of a runtime's addresses, whichever of its addresses was configured.</summary>
internal sealed class RuntimeEndpoint
{
    /// <summary>Takes the root from an address with or without a trailing slash, an API version and a path prefix.</summary>
    /// <param name="endpoint">The address.</param>
    /// <param name="apiSuffixes">Versions that may end the address, for example <c>/v1</c>.</param>
    /// <exception cref="ArgumentException">The address is not an absolute http or https URL.</exception>
    public RuntimeEndpoint(Uri endpoint, IReadOnlyList<string> apiSuffixes)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (!endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException($"'{endpoint}' is not an absolute http or https URL", nameof(endpoint));
        if (endpoint.UserInfo.Length > 0)
            throw new ArgumentException("the URL carries a user or password; use a bearer token instead", nameof(endpoint));
        var path = endpoint.AbsolutePath.TrimEnd('/');
        var suffix = apiSuffixes.FirstOrDefault(suffix => path.EndsWith(suffix, StringComparison.Ordinal)) ?? "";
        Root = endpoint.GetLeftPart(UriPartial.Authority) + path[..^suffix.Length].TrimEnd('/');
    }

    /// <summary>Without a trailing slash.</summary>
    public string Root { get; }

    /// <param name="path">Path below the root, with its leading slash; names in it are escaped already.</param>
    public Uri At(string path) => new(Root + path);
}

/// <summary>Which of a runtime's servers a path is on: some have one port for each.</summary>
internal enum RuntimeServer
{
    Api,
    Management,
    Metrics,
}

/// <summary>The roots of one runtime's servers.</summary>
internal sealed record RuntimeEndpoints(RuntimeEndpoint Api, RuntimeEndpoint Management, RuntimeEndpoint Metrics)
{
    private const int MaxPort = 65_535;

    /// <exception cref="ArgumentException">An address is not usable.</exception>
    public static RuntimeEndpoints Of(RuntimeProbeOptions options, RuntimeDialect dialect)
    {
        var api = new RuntimeEndpoint(options.Endpoint, dialect.ApiSuffixes);
        return new(api, Beside(options.ManagementEndpoint, dialect.ManagementPortOffset), Beside(options.MetricsEndpoint, dialect.MetricsPortOffset));

        RuntimeEndpoint Beside(Uri? configured, int offset)
        {
            if (configured is not null)
                return new(configured, dialect.ApiSuffixes);
            var root = new Uri(api.Root);
            // Beyond the last port nothing listens; the endpoint itself will answer with the clearer error.
            return offset == 0 || root.Port + offset > MaxPort ? api : new(new UriBuilder(root) { Port = root.Port + offset }.Uri, dialect.ApiSuffixes);
        }
    }

    public Uri At(RuntimeServer server, string path) => server switch
    {
        RuntimeServer.Management => Management.At(path),
        RuntimeServer.Metrics => Metrics.At(path),
        _ => Api.At(path),
    };
}
