using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>What the mesh speaks: TLS 1.2 and 1.3 with forward secrecy and authenticated encryption (RFC 9325), and no sessions that outlive a certificate.</summary>
internal static class TlsProfile
{
    public const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Extended key usages.</summary>
    public static readonly Oid ClientPurpose = new("1.3.6.1.5.5.7.3.2"), ServerPurpose = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Null where the platform chooses them.</summary>
    public static readonly CipherSuitesPolicy? CipherSuites = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() ? new(
    [
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]) : null;
}
