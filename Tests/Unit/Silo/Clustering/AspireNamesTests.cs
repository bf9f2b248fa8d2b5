using InferMesh.Silo.Clustering;
using Microsoft.Extensions.Configuration;

namespace InferMesh.Tests.Unit.Silo.Clustering;

[TestClass]
public sealed class AspireNamesTests
{
    [TestMethod]
    public void AddAspireNames_AllGiven_BecomeOurs()
    {
        var configuration = Configure(new()
        {
            ["Orleans:ClusterId"] = "c",
            ["Orleans:ServiceId"] = "s",
            ["Orleans:Clustering:ProviderType"] = "Redis",
            ["Orleans:Clustering:ServiceKey"] = "redis",
            ["Orleans:Endpoints:SiloPort"] = "1",
            ["Orleans:Endpoints:GatewayPort"] = "2",
            ["Orleans:Endpoints:AdvertisedIPAddress"] = "10.0.0.1",
            ["ConnectionStrings:meshdb"] = "Host=x",
        });

        Assert.AreEqual("c s Redis 1 2 10.0.0.1 Postgres", string.Join(' ', new[]
        {
            configuration["InferMesh:Cluster:ClusterId"],
            configuration["InferMesh:Cluster:ServiceId"],
            configuration["InferMesh:Cluster:Provider"],
            configuration["InferMesh:Cluster:SiloPort"],
            configuration["InferMesh:Cluster:GatewayPort"],
            configuration["InferMesh:Cluster:AdvertisedIPAddress"],
            configuration["InferMesh:Storage:Provider"],
        }));
        Assert.IsTrue(AspireNames.IsClusteredByOrleans(configuration));
    }

    [TestMethod]
    public void AddAspireNames_OursGivenToo_OursWins()
    {
        var configuration = Configure(new()
        {
            ["Orleans:ClusterId"] = "theirs",
            ["InferMesh:Cluster:ClusterId"] = "ours",
            ["ConnectionStrings:meshdb"] = "Host=x",
            ["InferMesh:Storage:Provider"] = "Sqlite",
        });

        Assert.AreEqual("ours", configuration["InferMesh:Cluster:ClusterId"]);
        Assert.AreEqual("Sqlite", configuration["InferMesh:Storage:Provider"]);
    }

    [TestMethod]
    public void AddAspireNames_NoneGiven_ChangesNothing()
    {
        var configuration = Configure([]);

        Assert.IsFalse(configuration.GetSection("InferMesh").Exists());
        Assert.IsFalse(AspireNames.IsClusteredByOrleans(configuration));
    }

    private static ConfigurationManager Configure(Dictionary<string, string?> values)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(values);
        configuration.AddAspireNames();
        return configuration;
    }
}
