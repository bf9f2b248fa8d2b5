using System.Text.RegularExpressions;
using InferMesh.ServiceDefaults.Configuration;
using InferMesh.Tests.Unit.Architecture;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using ApiSettings = InferMesh.Api.Options;
using SiloOptions = InferMesh.Silo.Options;

namespace InferMesh.Tests.Unit.Deploy;

/// <summary>The one settings file of production, read as the processes read it, with secrets as the script makes them.</summary>
[TestClass]
public sealed partial class ProductionSettingsTests
{
    [TestMethod]
    public void Silo_WithTheScriptsSecrets_TakesEverything()
    {
        using var secrets = ScriptedSecrets.Make();
        var builder = Builder(MeshRole.Silo, secrets.Of("silo"), "--InferMesh:Cluster:AdvertisedIPAddress=10.0.0.4");
        var settings = SiloOptions.SiloSettingsExtensions.AddSiloSettings(builder);

        Assert.AreEqual((SiloOptions.ClusterProvider.Redis, SiloOptions.StorageProvider.Postgres, true), (settings.Cluster.Provider, settings.Storage.Provider, settings.Cluster.ListenOnAnyAddress));
        Assert.AreEqual("http://0.0.0.0:8081", settings.Http.Url, "the kubelet asks from outside");
        // A dead silo is out within ten seconds: missed probes, and one more for the vote of another.
        Assert.IsLessThanOrEqualTo(10.0, (settings.Cluster.ProbeTimeout * (settings.Cluster.NumMissedProbesLimit + 2)).TotalSeconds);
        StringAssert.Contains(builder.Configuration.GetConnectionString("redis"), "password=");
        StringAssert.Contains(builder.Configuration.GetConnectionString("meshdb"), "Password=");
    }

    [TestMethod]
    public void Api_WithTheScriptsSecrets_TakesEverything_AndHasKeysForOperatorsAndAgents()
    {
        using var secrets = ScriptedSecrets.Make();
        var settings = ApiSettings.SettingsExtensions.AddApiSettings(Builder(MeshRole.Api, secrets.Of("api")));

        Assert.AreEqual(ApiSettings.ClusterProvider.Redis, settings.Cluster.Provider);
        Assert.AreEqual(("0.0.0.0", 8080, 50051), (settings.Http.Address, settings.Http.Port, settings.Http.GrpcPort));
        Assert.HasCount(1, settings.Api.AdminKeys);
        Assert.AreEqual(File.ReadAllText(Path.Combine(secrets.Of("monitoring"), "api_key")), settings.Api.ViewerKeys.Single(), "Prometheus signs in with a key that only reads");
        Assert.AreEqual(File.ReadAllText(Path.Combine(secrets.Of("agent"), "api_key")), settings.Api.AgentKeys.Single(), "agents sign in with a key that only reports");
    }

    [TestMethod]
    public void Processes_ShareTheClustersNames()
    {
        using var secrets = ScriptedSecrets.Make();
        var silo = SiloOptions.SiloSettingsExtensions.AddSiloSettings(Builder(MeshRole.Silo, secrets.Of("silo"))).Cluster;
        var api = ApiSettings.SettingsExtensions.AddApiSettings(Builder(MeshRole.Api, secrets.Of("api"))).Cluster;
        Assert.AreEqual((silo.ClusterId, silo.ServiceId), (api.ClusterId, api.ServiceId));
    }

    [TestMethod]
    public void Keys_OfTheFile_AreInTheTableOfSettings()
    {
        var page = Repository.Read("docs/operations.md");
        var keys = new[] { MeshRole.Silo, MeshRole.Api }
            .SelectMany(role => Builder(role, null).Configuration.GetSection("InferMesh").AsEnumerable().Where(pair => pair.Value is not null).Select(pair => pair.Key.Split(':')[^1])).Distinct();
        Assert.IsEmpty(keys.Where(key => !page.Contains(key, StringComparison.Ordinal)));
    }

    [TestMethod]
    public void File_HasNoSecrets() => Assert.DoesNotMatchRegex(Secret(), DeployFiles.Read("infermesh.json"));

    [TestMethod]
    public void Script_RunAgain_KeepsWhatIsThere_AndShutsOthersOut()
    {
        using var secrets = ScriptedSecrets.Make();
        var before = File.ReadAllText(Path.Combine(secrets.Of("api"), "InferMesh__Api__AdminKeys__0"));
        secrets.Run();
        Assert.AreEqual(before, File.ReadAllText(Path.Combine(secrets.Of("api"), "InferMesh__Api__AdminKeys__0")));
        Assert.IsTrue(OperatingSystem.IsWindows() || File.GetUnixFileMode(secrets.Folder) == (UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        using var others = ScriptedSecrets.Make();
        Assert.AreNotEqual(before, File.ReadAllText(Path.Combine(others.Of("api"), "InferMesh__Api__AdminKeys__0")));
    }

    private static WebApplicationBuilder Builder(MeshRole role, string? secrets, params string[] more)
    {
        string[] args = ["--config", DeployFiles.Path("infermesh.json"), .. secrets is null ? [] : (string[])["--secrets", secrets], .. more];
        // In an empty folder: the settings of the tests' own folder are not meant.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = Directory.CreateTempSubdirectory("infermesh-root-").FullName });
        builder.AddMountedFiles(args, role);
        return builder;
    }

    [GeneratedRegex("password|AdminKeys|ConnectionStrings", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
