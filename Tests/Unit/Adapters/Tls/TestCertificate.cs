using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace InferMesh.Tests.Unit.Adapters.Tls;

/// <summary>A certificate that signed itself, and its PEM files.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-tls-").FullName;

    /// <param name="address">Address that it is for; null for a name that is no address of this machine.</param>
    public TestCertificate(IPAddress? address)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=runtime.test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (address is null)
            names.AddDnsName("elsewhere.test");
        else
            names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        // Through PKCS#12, since not every platform's TLS takes a key that is only in memory.
        Value = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
        File.WriteAllText(CertFile, made.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public X509Certificate2 Value { get; }

    public string CertFile => Path.Combine(_folder, "cert.pem");

    public string KeyFile => Path.Combine(_folder, "key.pem");

    public void Dispose()
    {
        Value.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
