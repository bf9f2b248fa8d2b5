using InferMesh.Api.Ingress.Forwarding;

namespace InferMesh.Tests.Unit.Api.Ingress.Forwarding;

[TestClass]
public sealed class RuntimeUrlTests
{
    [TestMethod]
    [DataRow("http://a:8000", "http://a:8000/v1/completions?x=1")]
    [DataRow("http://a:8000/", "http://a:8000/v1/completions?x=1")]
    [DataRow("http://a:8000/v1", "http://a:8000/v1/completions?x=1")]
    [DataRow("http://a:8000/v1/", "http://a:8000/v1/completions?x=1")]
    [DataRow("https://a/base/v1", "https://a/base/v1/completions?x=1")]
    public void TryBuild_AnyFormOfBaseUrl_GivesOneAddress(string baseUrl, string expected)
    {
        Assert.IsTrue(RuntimeUrl.TryBuild(baseUrl, "/v1/completions", "?x=1", out var url));
        Assert.AreEqual(expected, url.ToString());
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("a:8000")]
    [DataRow("file:///etc")]
    [DataRow("/relative")]
    public void TryBuild_NoHttpAddress_IsRefused(string baseUrl) => Assert.IsFalse(RuntimeUrl.TryBuild(baseUrl, "/v1/completions", "", out _));
}
