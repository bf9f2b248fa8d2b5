using InferMesh.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Certificates and TLS of a process.</summary>
public static class TlsExtensions
{
    /// <summary>Reads certificates now and watches their files from when the process runs.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Name in logs and metrics.</param>
    /// <param name="files">The files.</param>
    /// <param name="settings">Times.</param>
    /// <exception cref="StartupException">A file is missing or broken.</exception>
    public static CertificateSource AddCertificates(this IServiceCollection services, string name, CertificateFiles files, TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(services);
        var source = new CertificateSource(name, files, TimeProvider.System);
        services.AddSingleton(source);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<TlsMetrics>();
        services.TryAddSingleton<TlsRefusals>();
        services.TryAddSingleton(settings);
        services.AddHostedService<CertificateWatcher>();
        return source;
    }

    /// <summary>TLS for connections of a cluster; see <see cref="ClusterTlsSettings"/>. Reads the certificates now.</summary>
    /// <param name="services">The services.</param>
    /// <param name="cluster">Who is who.</param>
    /// <param name="settings">Times.</param>
    /// <exception cref="StartupException">A file is missing or broken.</exception>
    public static void AddClusterTls(this IServiceCollection services, ClusterTlsSettings cluster, TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(settings);
        var source = services.AddCertificates("cluster", cluster.Files, settings);
        Add(ClusterTls.SiloInbound, cluster.Silos, outbound: false);
        Add(ClusterTls.SiloOutbound, cluster.Silos, outbound: true);
        Add(ClusterTls.GatewayInbound, cluster.GatewayPeers, outbound: false);
        Add(ClusterTls.GatewayOutbound, cluster.Silos, outbound: true);

        void Add(string name, PeerRules rules, bool outbound) => services.AddKeyedSingleton(name, (provider, _) =>
            new TlsGate(name, source, rules, settings.HandshakeTimeout, provider.GetRequiredService<TlsRefusals>()) { IsOutbound = outbound });
    }
}

/// <summary>The four kinds of connections of a cluster, and TLS on each.</summary>
public static class ClusterTls
{
    /// <summary>From other silos.</summary>
    public const string SiloInbound = "silo_inbound";

    /// <summary>To other silos.</summary>
    public const string SiloOutbound = "silo_outbound";

    /// <summary>From clients to a silo.</summary>
    public const string GatewayInbound = "gateway_inbound";

    /// <summary>From a client to a silo.</summary>
    public const string GatewayOutbound = "gateway_outbound";

    /// <summary>Puts TLS on connections of a kind.</summary>
    /// <param name="connections">Their pipeline.</param>
    /// <param name="kind">One of the four.</param>
    public static void UseClusterTls(this IConnectionBuilder connections, string kind)
    {
        ArgumentNullException.ThrowIfNull(connections);
        var gate = connections.ApplicationServices.GetRequiredKeyedService<TlsGate>(kind);
        var time = connections.ApplicationServices.GetRequiredService<TimeProvider>();
        connections.Use(next =>
        {
            var middleware = new TlsMiddleware(next, gate, time);
            return gate.IsOutbound ? middleware.ConnectAsync : middleware.AcceptAsync;
        });
    }
}
