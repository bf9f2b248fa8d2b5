using InferMesh.ServiceDefaults.Security;

namespace InferMesh.Tests.Unit.ServiceDefaults.Security;

[TestClass]
public sealed class SpiffePatternTests
{
    [TestMethod]
    [DataRow("spiffe://mesh.example/ns/*/sa/silo", "spiffe://mesh.example/ns/prod/sa/silo", true)]
    [DataRow("spiffe://mesh.example/ns/*/sa/silo", "spiffe://mesh.example/ns/prod/sa/api", false)]
    [DataRow("spiffe://mesh.example/ns/*/sa/silo", "spiffe://other.example/ns/prod/sa/silo", false)]
    [DataRow("spiffe://mesh.example/ns/*/sa/silo", "spiffe://mesh.example/ns/prod/x/sa/silo", false)]
    [DataRow("spiffe://mesh.example/ns/*/sa/silo", "spiffe://mesh.example/ns/prod/sa/silo/more", false)]
    [DataRow("spiffe://mesh.example/ns/any/sa/silo", "spiffe://mesh.example/ns/prod/sa/silo", false)]
    [DataRow("spiffe://mesh.example", "spiffe://mesh.example", true)]
    [DataRow("spiffe://mesh.example", "spiffe://mesh.example/ns", false)]
    public void Pattern_MatchesWholeSegmentsOfItsDomain(string pattern, string id, bool matches)
    {
        Assert.IsTrue(SpiffePattern.TryParse(pattern, out var read));
        Assert.IsTrue(SpiffeId.TryParse(id, out var name));
        Assert.AreEqual(matches, read.Matches(name));
        Assert.AreEqual(pattern, read.ToString());
    }

    [TestMethod]
    public void NamedSegments_AreRemembered()
    {
        Assert.IsTrue(SpiffePattern.TryParse("spiffe://mesh.example/ns/*/tenant/{tenant}/node/{node}", out var read, "tenant", "node"));
        Assert.IsTrue(SpiffeId.TryParse("spiffe://mesh.example/ns/prod/tenant/acme/node/gpu-1", out var id));
        CollectionAssert.AreEquivalent(new Dictionary<string, string> { ["tenant"] = "acme", ["node"] = "gpu-1" }, read.Match(id)!.ToDictionary());
        Assert.IsTrue(SpiffeId.TryParse("spiffe://mesh.example/ns/prod/tenant/acme/pod/gpu-1", out var other));
        Assert.IsNull(read.Match(other));
        Assert.IsFalse(SpiffePattern.TryParse("spiffe://mesh.example/{node}", out _), "a name that is not known here");
        Assert.IsFalse(SpiffePattern.TryParse("spiffe://mesh.example/{node}/{node}", out _, "node"), "the same name twice");
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("*")]
    [DataRow("spiffe://*/ns/a")]
    [DataRow("spiffe://mesh.example/ns/a*")]
    [DataRow("spiffe://mesh.example/ns/*a")]
    [DataRow("spiffe://mesh.example/ns/")]
    [DataRow("https://mesh.example/ns")]
    public void TextThatIsNone_IsRefused(string? text) => Assert.IsFalse(SpiffePattern.TryParse(text, out _));
}
