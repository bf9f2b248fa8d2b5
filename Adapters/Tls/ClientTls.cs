using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace InferMesh.Adapters.Tls;

/// <summary>Whom a probe trusts over TLS, and who it says it is. Without any of it: the authorities of this machine, and nobody.</summary>
/// <param name="Authorities">
/// Certificates that are trusted instead of the machine's authorities: those of authorities, or a server's own that signed itself. Null trusts the machine's. The name of the server is checked in any
/// case; revocation is not looked up, as it is by nobody who runs their own authority without a service for it.
/// </param>
/// <param name="Certificate">Certificate with its key that the probe shows; null shows none.</param>
public sealed record ClientTls(X509Certificate2Collection? Authorities, X509Certificate2? Certificate)
{
    /// <summary>Authorities between the certificate and one that the other end knows; null for none.</summary>
    public X509Certificate2Collection? Chain { get; init; }

    /// <summary>Reads the certificates of a PEM file.</summary>
    /// <param name="file">Path.</param>
    /// <returns>One certificate or more.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The file holds no certificate, or one that is broken.</exception>
    public static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new System.Security.Cryptography.CryptographicException("there is no PEM certificate in it");
    }

    /// <summary>Reads a certificate and its key from PEM files.</summary>
    /// <param name="certificateFile">Path of the certificate.</param>
    /// <param name="keyFile">Path of its key without a password; null when the key is in the same file.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">There is no certificate or no key in them, or they do not belong together.</exception>
    public static X509Certificate2 ReadCertificate(string certificateFile, string? keyFile)
    {
        var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        if (!OperatingSystem.IsWindows())
            return certificate;
        // Windows' TLS takes no key that is only in memory.
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>What a client's handler needs.</summary>
    public SslClientAuthenticationOptions ToOptions()
    {
        var options = new SslClientAuthenticationOptions();
        if (Authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }
        if (Certificate is not null)
            options.ClientCertificateContext = SslStreamCertificateContext.Create(Certificate, Chain, offline: true);
        return options;
    }

    /// <summary>Says what went wrong with a request: of TLS the outer message only says that there is an inner one.</summary>
    public static string Reason(Exception exception) => (exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: { } inner } => $"TLS failed: {inner.Message}",
        _ => exception.Message,
    }).ReplaceLineEndings(" ");
}
