using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace InferMesh.Tests.Unit.Silo.Options;

[TestClass]
public sealed class SiloSettingsTests
{
    [TestMethod]
    public void AddSiloSettings_NothingConfigured_IsTheEmbeddedDefault()
    {
        var settings = Read([]);

        Assert.AreEqual((ClusterProvider.Localhost, StorageProvider.Sqlite), (settings.Cluster.Provider, settings.Storage.Provider));
        Assert.AreEqual(("infermesh-dev", 11111, 30000), (settings.Cluster.ClusterId, settings.Cluster.SiloPort, settings.Cluster.GatewayPort));
        Assert.AreEqual("http://127.0.0.1:8081", settings.Http.Url);
    }

    [TestMethod]
    [DataRow("Cluster:SiloPort", "0", "InferMesh:Cluster:SiloPort = \"0\": must be from 1 to 65535")]
    [DataRow("Cluster:GatewayPort", "11111", "InferMesh:Cluster:GatewayPort: must differ from SiloPort (11111)")]
    [DataRow("Cluster:AdvertisedIPAddress", "0.0.0.0", "must be an IP address that others can connect to")]
    [DataRow("Cluster:AdvertisedIPAddress", "localhost", "must be an IP address that others can connect to")]
    [DataRow("Cluster:ProbeTimeout", "00:02:00", "must be from 0:00:00.1 to 0:01:00")]
    [DataRow("Cluster:NumVotesForDeathDeclaration", "0", "must be from 1 to 10")]
    [DataRow("Cluster:ResponseTimeout", "00:00:00", "must be from")]
    [DataRow("Cluster:Provider", "consul", "must be one of Localhost, Redis")]
    [DataRow("Cluster:Provider", "redis", "needs ConnectionStrings:redis")]
    [DataRow("Storage:Provider", "postgres", "needs ConnectionString or ConnectionStrings:meshdb")]
    [DataRow("Storage:SqlitePath", "", "must be set")]
    [DataRow("Storage:MaxBatch", "0", "must be from 1 to 10000")]
    [DataRow("Http:Url", "8081", "must be an http(s) address")]
    [DataRow("Http:Port", "8081", "InferMesh:Http:Port: unknown key; known keys: Url")]
    [DataRow("Clutser:SiloPort", "1", "InferMesh:Clutser: unknown section")]
    public void AddSiloSettings_BadValue_IsRefusedReadably(string key, string value, string expected)
    {
        var e = Assert.ThrowsExactly<StartupException>(() => Read(new() { [$"InferMesh:{key}"] = value }));

        Assert.Contains(expected, e.Message);
        Assert.HasCount(1, e.Errors);
    }

    [TestMethod]
    public void AddSiloSettings_ErrorsInEverySection_AreReportedTogether()
    {
        var e = Assert.ThrowsExactly<StartupException>(() => Read(new()
        {
            ["InferMesh:Cluster:SiloPort"] = "x",
            ["InferMesh:Storage:MaxBatch"] = "x",
            ["InferMesh:Http:Url"] = "x",
        }));

        Assert.HasCount(3, e.Errors);
    }

    [TestMethod]
    public void AddSiloSettings_PrimaryPortWithRedis_IsRefused()
    {
        var e = Assert.ThrowsExactly<StartupException>(() => Read(new()
        {
            ["InferMesh:Cluster:Provider"] = "Redis",
            ["ConnectionStrings:redis"] = "127.0.0.1:6379",
            ["InferMesh:Cluster:PrimarySiloPort"] = "11111",
        }));

        Assert.AreEqual("InferMesh:Cluster:PrimarySiloPort", e.Errors.Single().Key);
    }

    private static SiloSettings Read(Dictionary<string, string?> values)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(values);
        return builder.AddSiloSettings();
    }
}
