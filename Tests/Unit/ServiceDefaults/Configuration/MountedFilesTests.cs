using InferMesh.ServiceDefaults.Configuration;
using InferMesh.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.ServiceDefaults.Configuration;

[TestClass]
public sealed class MountedFilesTests
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("infermesh-mounted-");

    [TestCleanup]
    public void Delete() => _folder.Delete(recursive: true);

    [TestMethod]
    public void SettingsFile_OfARole_TakesWhatIsForAllAndItsOwn()
    {
        var file = Write("infermesh.json", """
            { "InferMesh": { "Cluster": { "ClusterId": "prod", "SiloPort": 1 } },
              "Silo": { "InferMesh": { "Cluster": { "SiloPort": 2 } } },
              "Api": { "InferMesh": { "Http": { "Port": 3 } } } }
            """);

        var silo = Configuration(MeshRole.Silo, "--config", file);
        Assert.AreEqual(("prod", "2", null), (silo["InferMesh:Cluster:ClusterId"], silo["InferMesh:Cluster:SiloPort"], silo["InferMesh:Http:Port"]));
        var api = Configuration(MeshRole.Api, $"--config={file}");
        Assert.AreEqual(("prod", "1", "3"), (api["InferMesh:Cluster:ClusterId"], api["InferMesh:Cluster:SiloPort"], api["InferMesh:Http:Port"]));
        Assert.IsFalse(api.GetSection("Silo").Exists());
    }

    [TestMethod]
    public void Secrets_WinOverTheFile_AndTheCommandLineWinsOverBoth()
    {
        var file = Write("infermesh.json", """{ "ConnectionStrings": { "redis": "file", "meshdb": "file" }, "InferMesh": { "Api": { "Zone": "file" } } }""");
        var secrets = _folder.CreateSubdirectory("secrets");
        // As Kubernetes lays it: the files are links into a folder that is swapped, whose name begins with dots.
        var version = secrets.CreateSubdirectory("..2026");
        File.WriteAllText(Path.Combine(version.FullName, "ConnectionStrings__meshdb"), "Host=pg;Password=x\n");
        File.CreateSymbolicLink(Path.Combine(secrets.FullName, "ConnectionStrings__meshdb"), Path.Combine(version.FullName, "ConnectionStrings__meshdb"));
        File.WriteAllText(Path.Combine(secrets.FullName, "InferMesh__Api__Zone"), "secret");

        var read = Configuration(MeshRole.Api, "--config", file, "--secrets", secrets.FullName, "--InferMesh:Api:Zone=line");

        Assert.AreEqual(("file", "Host=pg;Password=x", "line"), (read["ConnectionStrings:redis"], read["ConnectionStrings:meshdb"], read["InferMesh:Api:Zone"]));
    }

    [TestMethod]
    [DataRow("{ \"InferMesh\": ", "is no JSON")]
    [DataRow("""{ "InferMehs": { "Cluster": { "ClusterId": "x" } } }""", "InferMehs: unknown section in")]
    [DataRow("""{ "Silo": { "Cluster": { "ClusterId": "x" } } }""", "Silo:Cluster: unknown section in")]
    public void SettingsFile_ThatIsWrong_EndsTheStartReadably(string text, string expected)
    {
        var file = Write("infermesh.json", text);
        var e = Assert.ThrowsExactly<StartupException>(() => Configuration(MeshRole.Silo, "--config", file));
        Assert.Contains(expected, e.Message);
        Assert.AreEqual(ExitCodes.BadConfiguration, e.ExitCode);
    }

    [TestMethod]
    public void NamedFiles_ThatAreMissing_EndTheStartReadably()
    {
        var nowhere = Path.Combine(_folder.FullName, "nowhere");
        Assert.Contains("settings file", Assert.ThrowsExactly<StartupException>(() => Configuration(MeshRole.Silo, "--config", nowhere)).Message);
        Assert.Contains("folder of secrets", Assert.ThrowsExactly<StartupException>(() => Configuration(MeshRole.Silo, "--secrets", nowhere)).Message);
    }

    [TestMethod]
    public void ChangedFile_IsReadAgain_AndABadOneIsToldOnceAndChangesNothing()
    {
        var file = Write("infermesh.json", """{ "InferMesh": { "Api": { "Zone": "a" } } }""");
        var provider = new SettingsFile(file, MeshRole.Api);
        var configuration = new ConfigurationBuilder().Add(provider).Build();
        var reloads = 0;
        configuration.GetReloadToken().RegisterChangeCallback(_ => reloads++, null);
        var log = new ListLogger();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var watch = new MountedFilesWatch([provider], TimeProvider.System, factory.CreateLogger<MountedFilesWatch>());

        watch.Refresh(provider);
        Assert.AreEqual(0, reloads, "nothing has changed");
        File.WriteAllText(file, "{");
        watch.Refresh(provider);
        watch.Refresh(provider);
        Assert.AreEqual(("a", 0), (configuration["InferMesh:Api:Zone"], reloads));
        Assert.HasCount(1, log.Lines);
        File.WriteAllText(file, """{ "InferMesh": { "Api": { "Zone": "b" } } }""");
        watch.Refresh(provider);
        Assert.AreEqual(("b", 1), (configuration["InferMesh:Api:Zone"], reloads));
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static ConfigurationManager Configuration(MeshRole role, params string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddMountedFiles(args, role);
        return builder.Configuration;
    }
}
