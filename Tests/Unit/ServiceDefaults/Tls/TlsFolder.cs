using InferMesh.ServiceDefaults.Tls;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.Unit.ServiceDefaults.Tls;

/// <summary>A folder with the certificate, authorities and revoked list of one process.</summary>
internal sealed class TlsFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-tls-").FullName;

    public TlsFolder(string id = Silo)
    {
        Leaf = Pki.Issue(id);
        Write(Leaf);
        File.WriteAllText(CaPath, Pki.Pem);
        File.WriteAllText(RevokedPath, "");
    }

    public const string Silo = "spiffe://mesh.test/ns/a/sa/silo";
    public const string Api = "spiffe://mesh.test/ns/a/sa/api";

    public TestPki Pki { get; } = new();

    public TestLeaf Leaf { get; }

    public string CertificatePath => Path.Combine(_folder, "leaf.pem");

    public string KeyPath => Path.Combine(_folder, "leaf-key.pem");

    public string CaPath => Path.Combine(_folder, "ca.pem");

    public string RevokedPath => Path.Combine(_folder, "revoked");

    public CertificateFiles Files => new(new("Test:CertificatePath", CertificatePath), new("Test:KeyPath", KeyPath), new("Test:CaPath", CaPath), new("Test:RevokedPath", RevokedPath));

    public ClusterTlsSettings Cluster => new()
    {
        Enabled = true,
        CertificatePath = CertificatePath,
        KeyPath = KeyPath,
        CaPath = CaPath,
        RevokedPath = RevokedPath,
        SiloIds = ["spiffe://mesh.test/ns/*/sa/silo"],
        ClientIds = ["spiffe://mesh.test/ns/*/sa/api"],
    };

    public void Write(TestLeaf leaf) => leaf.Write(_folder, "leaf");

    public void Dispose()
    {
        Pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
