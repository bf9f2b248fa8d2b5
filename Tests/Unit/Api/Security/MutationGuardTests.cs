using System.Net;
using InferMesh.Api.Options;
using InferMesh.Api.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Api.Security;

[TestClass]
public sealed class MutationGuardTests
{
    private const string Key = "key-of-sixteen-characters";

    [TestMethod]
    [DataRow("Authorization", "Bearer " + Key, true)]
    [DataRow("Authorization", "bearer " + Key, true)]
    [DataRow("x-api-key", Key, true)]
    [DataRow("x-api-key", "other-key-of-some-length", true)]
    [DataRow("x-api-key", Key + "x", false)]
    [DataRow("x-api-key", "", false)]
    [DataRow("Authorization", Key, false)]
    [DataRow("Authorization", "Basic " + Key, false)]
    [DataRow("x-other", Key, false)]
    public void Allowed_WithKeys_AsksForOneOfThem(string header, string value, bool allowed)
    {
        var context = Caller("10.1.1.1");
        context.Request.Headers[header] = value;
        Assert.AreEqual(allowed, Guard(Key, "other-key-of-some-length").Allowed(context, out var problem));
        Assert.AreEqual(allowed ? null : 401, problem?.Status);
    }

    [TestMethod]
    [DataRow("127.0.0.1", true)]
    [DataRow("::1", true)]
    [DataRow("::ffff:127.0.0.1", true)]
    [DataRow("10.1.1.1", false)]
    [DataRow(null, false)]
    public void Allowed_WithoutKeys_IsForThisMachine(string? address, bool allowed)
    {
        Assert.AreEqual(allowed, Guard().Allowed(Caller(address), out var problem));
        Assert.AreEqual(allowed ? null : 403, problem?.Status);
    }

    [TestMethod]
    [DataRow("X-Forwarded-For", "10.1.1.1", false)]
    [DataRow("Forwarded", "for=10.1.1.1", false)]
    [DataRow("Origin", "https://evil.example", false)]
    [DataRow("Origin", "null", false)]
    [DataRow("Origin", "http://localhost:8080", true)]
    [DataRow("Host", "evil.example", false)]
    [DataRow("Host", "127.0.0.1:8080", true)]
    [DataRow("Host", "[::1]:8080", true)]
    [DataRow("Host", "api.dev.localhost:8080", true)]
    public void Allowed_LocalButForSomebodyElse_IsRefused(string header, string value, bool allowed)
    {
        var context = Caller("127.0.0.1");
        context.Request.Headers[header] = value;
        Assert.AreEqual(allowed, Guard().Allowed(context, out _));
    }

    [TestMethod]
    public void Allowed_KeysConfigured_ThisMachineNeedsOneToo() => Assert.IsFalse(Guard(Key).Allowed(Caller("127.0.0.1"), out _));

    private static MutationGuard Guard(params string[] keys) => new(new Fixed(new() { AdminKeys = [.. keys] }));

    private static DefaultHttpContext Caller(string? address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        context.Request.Host = new("localhost:8080");
        return context;
    }

    private sealed class Fixed(ApiSettings settings) : IOptionsMonitor<ApiSettings>
    {
        public ApiSettings CurrentValue => settings;

        public ApiSettings Get(string? name) => settings;

        public IDisposable? OnChange(Action<ApiSettings, string?> listener) => null;
    }
}
