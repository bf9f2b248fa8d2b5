using System.Net;
using InferMesh.Api.Options;
using InferMesh.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace InferMesh.Tests.Unit.Api.Options;

[TestClass]
public sealed class SettingsTests
{
    [TestMethod]
    public void Defaults_AreLoopbackAndTheKnownPorts()
    {
        var settings = Read();
        Assert.AreEqual("127.0.0.1", settings.Http.Address);
        Assert.AreEqual(8080, settings.Http.Port);
        Assert.AreEqual(50051, settings.Http.GrpcPort);
        Assert.AreEqual("infermesh-dev", settings.Cluster.ClusterId);
    }

    [TestMethod]
    [DataRow("InferMesh:Http:Address", "0.0.0.0", "AdminKeys")]
    [DataRow("InferMesh:Http:Address", "0.0.0.0", "AllowPlaintext")]
    [DataRow("InferMesh:Http:Address", "localhost", "must be an IP address")]
    [DataRow("InferMesh:Http:GrpcPort", "8080", "must differ from Port")]
    [DataRow("InferMesh:Http:TlsPort", "8443", "must be a PEM file")]
    [DataRow("InferMesh:Http:ClientCertificates", "Optional", "needs TlsPort")]
    [DataRow("InferMesh:Cluster:Tls:Enabled", "true", "InferMesh:Cluster:Tls:CaPath: \"\" must be a file")]
    [DataRow("InferMesh:Cluster:Tls:SiloIds:0", "silo", "must be a SPIFFE id")]
    [DataRow("InferMesh:Tls:HandshakeTimeout", "01:00:00", "must be from")]
    [DataRow("InferMesh:Http:Port", "70000", "must be from 0 to 65535")]
    [DataRow("InferMesh:Api:AdminKeys:0", "short", "16 to 512")]
    [DataRow("InferMesh:Api:Zon", "z", "unknown key")]
    [DataRow("InferMesh:Cluster:Provider", "redis", "ConnectionStrings:redis")]
    [DataRow("InferMesh:Nope:X", "1", "unknown section")]
    [DataRow("InferMesh:Security:Mode", "Enforced", "there is no way to sign in: set InferMesh:Api:AdminKeys:0")]
    [DataRow("InferMesh:Security:Mode", "Off", "Enforced")]
    [DataRow("InferMesh:Security:Tokens:Authority", "http://login.example", "must be an https address")]
    [DataRow("InferMesh:Security:Tokens:SigningKeysPath", "/no/such/file", "must be a file with public keys")]
    [DataRow("InferMesh:Security:Certificates:0:Id", "https://x", "must be a SPIFFE id")]
    [DataRow("InferMesh:Security:Certificates:0:Roles:0", "root", "must be one of viewer, operator, tenant-admin")]
    public void Wrong_Setting_IsNamedAndEndsWithExitCodeTwo(string key, string value, string says)
    {
        var e = Assert.ThrowsExactly<StartupException>(() => Read((key, value)));
        Assert.AreEqual(ExitCodes.BadConfiguration, e.ExitCode);
        Assert.Contains(says, e.Message);
        Assert.DoesNotContain("short", e.Message);
    }

    [TestMethod]
    public void OpenAddress_WithKeyBehindABalancer_IsAccepted()
    {
        var http = Read(("InferMesh:Http:Address", "0.0.0.0"), ("InferMesh:Http:AllowPlaintext", "true"), ("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters")).Http;
        Assert.AreEqual((IPAddress.Any, IPAddress.Any), (http.IPAddress, http.PlaintextAddress));
    }

    [TestMethod]
    [DataRow("0.0.0.0", "127.0.0.1")]
    [DataRow("::", "::1")]
    [DataRow("127.0.0.2", "127.0.0.2")]
    public void OpenAddress_WithTls_KeepsPlaintextOnLoopback(string address, string plaintext)
    {
        var pem = Path.GetTempFileName();
        try
        {
            var http = Read(
                ("InferMesh:Http:Address", address), ("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters"),
                ("InferMesh:Http:TlsPort", "8443"), ("InferMesh:Http:CertificatePath", pem), ("InferMesh:Http:KeyPath", pem)).Http;
            Assert.AreEqual((IPAddress.Parse(address), IPAddress.Parse(plaintext)), (http.IPAddress, http.PlaintextAddress));
        }
        finally
        {
            File.Delete(pem);
        }
    }

    private static ApiHostSettings Read(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        if (!settings.Any(s => s.Key.StartsWith("InferMesh:Security:", StringComparison.Ordinal) || s.Key.Contains("AdminKeys", StringComparison.Ordinal)))
            builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("InferMesh:Security:Mode", (string?)"Development")]);
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        return builder.AddApiSettings();
    }
}
