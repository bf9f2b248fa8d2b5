using System.Net;
using InferMesh.Api.Security.Callers;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Security;

[TestClass]
public sealed class LocalCallerTests
{
    [TestMethod]
    [DataRow("127.0.0.1", true)]
    [DataRow("::1", true)]
    [DataRow("::ffff:127.0.0.1", true)]
    [DataRow("10.1.1.1", false)]
    [DataRow(null, false)]
    public void Refusal_ByAddress_IsForThoseOfOtherMachines(string? address, bool allowed) => Assert.AreEqual(allowed, LocalCaller.Refusal(Call(address)) is null);

    [TestMethod]
    [DataRow("X-Forwarded-For", "10.1.1.1", false)]
    [DataRow("X-Original-For", "127.0.0.1:1", false)]
    [DataRow("Forwarded", "for=10.1.1.1", false)]
    [DataRow("Origin", "https://evil.example", false)]
    [DataRow("Origin", "null", false)]
    [DataRow("Origin", "http://localhost:8080", true)]
    [DataRow("Host", "evil.example", false)]
    [DataRow("Host", "127.0.0.1:8080", true)]
    [DataRow("Host", "[::1]:8080", true)]
    [DataRow("Host", "api.dev.localhost:8080", true)]
    public void Refusal_LocalButForSomebodyElse_SaysWhy(string header, string value, bool allowed)
    {
        var context = Call("127.0.0.1");
        context.Request.Headers[header] = value;
        Assert.AreEqual(allowed, LocalCaller.Refusal(context) is null);
    }

    private static DefaultHttpContext Call(string? address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        context.Request.Host = new("localhost:8080");
        return context;
    }
}
