using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferMesh.ServiceDefaults.Security;

namespace InferMesh.Tests.Unit.ServiceDefaults.Security;

[TestClass]
public sealed class SpiffeIdTests
{
    [TestMethod]
    [DataRow("spiffe://mesh.example", "mesh.example", "")]
    [DataRow("spiffe://mesh.example/ns/prod/sa/silo", "mesh.example", "/ns/prod/sa/silo")]
    [DataRow("spiffe://a_b-1/Node.7", "a_b-1", "/Node.7")]
    public void TryParse_Valid_IsTaken(string text, string domain, string path)
    {
        Assert.IsTrue(SpiffeId.TryParse(text, out var id));
        Assert.AreEqual(new SpiffeId(domain, path), id);
        Assert.AreEqual(text, id.ToString());
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("https://mesh.example/a")]
    [DataRow("SPIFFE://mesh.example/a")]
    [DataRow("spiffe://")]
    [DataRow("spiffe:///a")]
    [DataRow("spiffe://Mesh.example/a")]
    [DataRow("spiffe://mesh.example:8443/a")]
    [DataRow("spiffe://user@mesh.example/a")]
    [DataRow("spiffe://mesh.example/")]
    [DataRow("spiffe://mesh.example/a/")]
    [DataRow("spiffe://mesh.example/a//b")]
    [DataRow("spiffe://mesh.example/a/../b")]
    [DataRow("spiffe://mesh.example/./b")]
    [DataRow("spiffe://mesh.example/a?x=1")]
    [DataRow("spiffe://mesh.example/a#f")]
    [DataRow("spiffe://mesh.example/a%2Fb")]
    public void TryParse_Invalid_IsRefused(string? text) => Assert.IsFalse(SpiffeId.TryParse(text, out _));

    [TestMethod]
    public void Segment_AfterItsLabel_IsFound()
    {
        Assert.IsTrue(SpiffeId.TryParse("spiffe://mesh.example/ns/sa/sa/node-7", out var id));
        Assert.AreEqual("sa", id.Segment("ns"));
        Assert.AreEqual("node-7", id.Segment("sa"));
        Assert.IsNull(id.Segment("node-7"));
    }

    [TestMethod]
    public void Of_CertificateWithOneUri_IsItsId()
    {
        using var certificate = Certificate("spiffe://mesh.example/ns/prod/sa/silo");
        Assert.AreEqual("spiffe://mesh.example/ns/prod/sa/silo", SpiffeId.Of(certificate)?.ToString());
    }

    [TestMethod]
    public void Of_CertificateWithNoneOrTwoUris_IsNull()
    {
        using var none = Certificate();
        using var two = Certificate("spiffe://mesh.example/a", "spiffe://mesh.example/b");
        Assert.IsNull(SpiffeId.Of(none));
        Assert.IsNull(SpiffeId.Of(two));
    }

    private static X509Certificate2 Certificate(params string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        foreach (var uri in uris) names.AddUri(new Uri(uri));
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddHours(1));
    }
}
