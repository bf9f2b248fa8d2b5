using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace InferMesh.Cli.DevCerts;

/// <summary>A certificate with its key, both as PEM.</summary>
internal sealed record PemPair(string Certificate, string Key);

/// <summary>What a certificate says.</summary>
/// <param name="Name">Common name.</param>
/// <param name="Id">SPIFFE id; null for none.</param>
/// <param name="Hosts">Names and addresses, for whoever checks those.</param>
/// <param name="NotBefore">Start.</param>
/// <param name="NotAfter">End; not after the authority's own.</param>
internal sealed record DevLeaf(string Name, string? Id, IReadOnlyList<string> Hosts, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>Extended key usages: both by default, since a silo is server and client.</summary>
    public IReadOnlyList<string> Purposes { get; init; } = [ServerPurpose, ClientPurpose];

    public const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    public const string ClientPurpose = "1.3.6.1.5.5.7.3.2";
}

/// <summary>A certificate authority for development: ECDSA P-256, its key in a file beside it. Its subject says what it is not for.</summary>
internal sealed class DevAuthority : IDisposable
{
    private const string Organisation = "InferMesh development only";
    private const string Prefix = "spiffe://";
    private readonly X509Certificate2 _certificate;

    private DevAuthority(X509Certificate2 certificate) => _certificate = certificate;

    public PemPair Pem => new(_certificate.ExportCertificatePem(), _certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

    public DateTimeOffset NotAfter => _certificate.NotAfter.ToUniversalTime();

    /// <summary>Trust domain that its own URI name has.</summary>
    public string TrustDomain { get; private init; } = "";

    public static DevAuthority Create(string trustDomain, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject($"{trustDomain} authority"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(Prefix + trustDomain));
        request.CertificateExtensions.Add(names.Build());
        return new(request.CreateSelfSigned(notBefore, notAfter)) { TrustDomain = trustDomain };
    }

    /// <exception cref="CryptographicException">It is not a certificate with its key, or not of such an authority.</exception>
    public static DevAuthority Read(PemPair pem)
    {
        var certificate = X509Certificate2.CreateFromPem(pem.Certificate, pem.Key);
        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return certificate.GetECDsaPrivateKey() is not null && name.EndsWith(" authority", StringComparison.Ordinal)
            ? new(certificate) { TrustDomain = name[..^" authority".Length] }
            : throw new CryptographicException("it is not an authority that dev-certs has made");
    }

    public PemPair Issue(DevLeaf leaf)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject(leaf.Name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. leaf.Purposes.Select(static oid => new Oid(oid))], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        if (leaf.Id is not null)
            names.AddUri(new Uri(leaf.Id));
        foreach (var host in leaf.Hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_certificate, leaf.NotBefore, leaf.NotAfter < NotAfter ? leaf.NotAfter : NotAfter, RandomNumberGenerator.GetBytes(16));
        return new(issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _certificate.Dispose();

    private static X500DistinguishedName Subject(string name)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName(Organisation);
        subject.AddCommonName(name);
        return subject.Build();
    }
}
