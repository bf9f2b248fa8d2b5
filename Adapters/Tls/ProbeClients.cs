namespace InferMesh.Adapters.Tls;

/// <summary>HTTP clients for probes: one for all that trust what this machine trusts, and one for each that does not. Thread-safe once made.</summary>
public sealed class ProbeClients : IDisposable
{
    private readonly Dictionary<ClientTls, HttpClient> _own = [];
    private readonly Lock _gate = new();

    /// <summary>The client without certificates of its own.</summary>
    public HttpClient Shared { get; } = Create(null);

    /// <summary>The client for this TLS; the same for the same value.</summary>
    /// <param name="tls">Certificates; null for <see cref="Shared"/>.</param>
    public HttpClient For(ClientTls? tls)
    {
        if (tls is null)
            return Shared;
        lock (_gate)
            return _own.TryGetValue(tls, out var client) ? client : _own[tls] = Create(tls);
    }

    /// <summary>Closes all of them.</summary>
    public void Dispose()
    {
        Shared.Dispose();
        foreach (var client in _own.Values)
            client.Dispose();
    }

    /// <summary>A client whose limits are the probes' own.</summary>
    private static HttpClient Create(ClientTls? tls)
    {
        var handler = new SocketsHttpHandler
        {
            // What is probed is a neighbour: a proxy for the way out is not for it.
            UseProxy = false,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectTimeout = TimeSpan.FromSeconds(5),
        };
        if (tls is not null)
            handler.SslOptions = tls.ToOptions();
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
