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
    [DataRow("InferMesh:Http:Address", "localhost", "must be an IP address")]
    [DataRow("InferMesh:Http:GrpcPort", "8080", "must differ from Port")]
    [DataRow("InferMesh:Http:TlsPort", "8443", "must be a PEM file")]
    [DataRow("InferMesh:Http:Port", "70000", "must be from 0 to 65535")]
    [DataRow("InferMesh:Api:AdminKeys:0", "short", "16 to 512")]
    [DataRow("InferMesh:Api:Zon", "z", "unknown key")]
    [DataRow("InferMesh:Cluster:Provider", "redis", "ConnectionStrings:redis")]
    [DataRow("InferMesh:Nope:X", "1", "unknown section")]
    public void Wrong_Setting_IsNamedAndEndsWithExitCodeTwo(string key, string value, string says)
    {
        var e = Assert.ThrowsExactly<StartupException>(() => Read((key, value)));
        Assert.AreEqual(ExitCodes.BadConfiguration, e.ExitCode);
        Assert.Contains(says, e.Message);
        Assert.DoesNotContain("short", e.Message);
    }

    [TestMethod]
    public void OpenAddress_WithKey_IsAccepted() =>
        Assert.AreEqual("0.0.0.0", Read(("InferMesh:Http:Address", "0.0.0.0"), ("InferMesh:Api:AdminKeys:0", "key-of-sixteen-characters")).Http.Address);

    private static ApiHostSettings Read(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        return builder.AddApiSettings();
    }
}
