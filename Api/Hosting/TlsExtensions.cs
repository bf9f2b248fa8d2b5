using System.Net.Quic;
using InferMesh.Api.Options;
using InferMesh.ServiceDefaults.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferMesh.Api.Hosting;

/// <summary>The port with TLS, whose certificates change while it serves.</summary>
internal static class TlsExtensions
{
    private const string Name = "api";

    /// <summary>
    /// With TLS one port speaks all versions of HTTP: client and server agree on one when they connect. HTTP/3 only where callers show no certificates: a connection
    /// of QUIC cannot be ended when its certificate is revoked.
    /// </summary>
    public static HttpProtocols Protocols(ClientCertificates certificates) =>
        QuicListener.IsSupported && certificates == ClientCertificates.None ? HttpProtocols.Http1AndHttp2AndHttp3 : HttpProtocols.Http1AndHttp2;

    /// <summary>Reads the certificates of the port.</summary>
    /// <exception cref="ServiceDefaults.Hosting.StartupException">A file is missing or broken.</exception>
    public static void AddApiTls(this IServiceCollection services, HttpSettings settings, TlsSettings tls) =>
        services.AddListenerTls(Name, settings.CertificateFiles, settings.ClientCertificates == ClientCertificates.Required, tls);

    /// <summary>Speaks TLS on a port.</summary>
    public static void UseTls(this ListenOptions listen, HttpSettings settings)
    {
        listen.Protocols = Protocols(settings.ClientCertificates);
        listen.UseListenerTls(Name);
    }
}
