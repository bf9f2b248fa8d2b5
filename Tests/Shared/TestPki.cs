using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace InferMesh.Tests.Shared;

/// <summary>A certificate authority of a test, and what it signs: right and wrong in every way.</summary>
internal sealed class TestPki : IDisposable
{
    public const string ClientPurpose = "1.3.6.1.5.5.7.3.2";
    public const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2? _parent;

    public TestPki(string name = "test authority") => _authority = Authority(name, null);

    private TestPki(X509Certificate2 authority, X509Certificate2 parent) => (_authority, _parent) = (authority, parent);

    /// <summary>The authority that trust starts at, as PEM.</summary>
    public string Pem => (_parent ?? _authority).ExportCertificatePem() + "\n";

    /// <summary>An authority signed by this one.</summary>
    public TestPki Intermediate(string name) => new(Authority(name, _authority), _authority);

    /// <summary>Signs a certificate with one URI name, for this machine.</summary>
    public TestLeaf Issue(string? id, TimeSpan? validFor = null, params string[] purposes)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. (purposes is [] ? [ClientPurpose, ServerPurpose] : purposes).Select(oid => new Oid(oid))], false));
        var names = new SubjectAlternativeNameBuilder();
        if (id is not null) names.AddUri(new(id));
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var end = DateTimeOffset.UtcNow + (validFor ?? TimeSpan.FromHours(1));
        using var issued = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-1), end, RandomNumberGenerator.GetBytes(12));
        var chain = _parent is null ? "" : _authority.ExportCertificatePem() + "\n";
        return new(issued.ExportCertificatePem() + "\n" + chain, key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _authority.Dispose();

    private static X509Certificate2 Authority(string name, X509Certificate2? parent)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var (start, end) = (DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
        if (parent is null) return request.CreateSelfSigned(start, end);
        using var issued = request.Create(parent, start, end.AddHours(-1), RandomNumberGenerator.GetBytes(12));
        return issued.CopyWithPrivateKey(key);
    }
}

/// <summary>A certificate with its chain, and its key.</summary>
internal sealed record TestLeaf(string CertificatePem, string KeyPem)
{
    public string Serial
    {
        get
        {
            using var certificate = X509Certificate2.CreateFromPem(CertificatePem);
            return certificate.SerialNumber;
        }
    }

    public X509Certificate2 Load() => X509Certificate2.CreateFromPem(CertificatePem, KeyPem);

    /// <summary>Writes <c>NAME.pem</c> and <c>NAME-key.pem</c>.</summary>
    public (string Certificate, string Key) Write(string folder, string name)
    {
        var (certificate, key) = (Path.Combine(folder, $"{name}.pem"), Path.Combine(folder, $"{name}-key.pem"));
        File.WriteAllText(key, KeyPem);
        File.WriteAllText(certificate, CertificatePem);
        return (certificate, key);
    }
}
