using System.Net.Quic;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferMesh.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferMesh.Api.Hosting;

internal static class TlsExtensions
{
    /// <summary>With TLS one port speaks all versions of HTTP: client and server agree on one when they connect.</summary>
    public static HttpProtocols Protocols => QuicListener.IsSupported ? HttpProtocols.Http1AndHttp2AndHttp3 : HttpProtocols.Http1AndHttp2;

    /// <summary>Speaks TLS on a port.</summary>
    /// <exception cref="StartupException">The files are no certificate with its key.</exception>
    public static void UseTls(this ListenOptions listen, string certificatePath, string keyPath)
    {
        var chain = new X509Certificate2Collection();
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
            chain.ImportFromPemFile(certificatePath);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"InferMesh:Http:CertificatePath {certificatePath} and KeyPath {keyPath} are no certificate with its key in PEM form: {e.Message}", ExitCodes.BadConfiguration);
        }
        listen.Protocols = Protocols;
        listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.ServerCertificateChain = chain;
        });
    }
}
