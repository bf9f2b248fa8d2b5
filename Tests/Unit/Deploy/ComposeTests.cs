using System.Globalization;
using System.Text.RegularExpressions;
using InferMesh.ServiceDefaults.Configuration;
using Microsoft.Extensions.Configuration;

namespace InferMesh.Tests.Unit.Deploy;

/// <summary>docker-compose.yml against the rules of its specification that matter here, and against the files it names.</summary>
[TestClass]
public sealed partial class ComposeTests
{
    // Keys of a service in the Compose Specification that this file uses; a typing error is a key that is not here.
    private static readonly string[] ServiceKeys =
    [
        "cap_drop", "command", "configs", "depends_on", "deploy", "environment", "healthcheck", "image", "logging", "networks", "ports", "profiles", "read_only", "restart", "secrets",
        "security_opt", "shm_size", "stop_grace_period", "stop_signal", "tmpfs", "user", "volumes",
    ];

    private static readonly string[] HealthKeys = ["test", "interval", "timeout", "retries", "start_period", "start_interval"];
    private static readonly string[] TopKeys = ["name", "services", "networks", "volumes", "configs", "secrets"];

    private static readonly YamlView File = DeployFiles.Yaml("docker-compose.yml");

    private static IEnumerable<(string Name, YamlView Service)> Services => File["services"].Keys.Select(name => (name, File["services"][name]));

    [TestMethod]
    public void Keys_AreThoseOfTheSpecification()
    {
        Assert.IsEmpty(File.Keys.Where(key => !key.StartsWith("x-", StringComparison.Ordinal)).Except(TopKeys));
        foreach (var (name, service) in Services)
        {
            Assert.IsEmpty(service.Keys.Except(ServiceKeys), name);
            Assert.IsEmpty(service["healthcheck"].Keys.Except(HealthKeys), name);
            Assert.IsEmpty(service["deploy"]["resources"].Keys.Except(["limits", "reservations"]), name);
        }
    }

    [TestMethod]
    public void Services_AreThoseOfTheProfile() =>
        CollectionAssert.AreEquivalent(new[] { "redis", "postgres", "silo-1", "silo-2", "silo-3", "api-1", "api-2", "balancer", "prometheus" }, File["services"].Keys.ToArray());

    [TestMethod]
    public void Services_Each_AreHardenedAndBounded()
    {
        foreach (var (name, service) in Services)
        {
            Assert.AreEqual("true", service["read_only"].Text, name);
            CollectionAssert.AreEqual(new[] { "ALL" }, service["cap_drop"].Texts.ToArray(), name);
            CollectionAssert.AreEqual(new[] { "no-new-privileges:true" }, service["security_opt"].Texts.ToArray(), name);
            Assert.MatchesRegex(NumericUser(), service["user"].Text!, name);
            Assert.IsFalse(service["user"].Text!.StartsWith("0:", StringComparison.Ordinal), name);
            Assert.IsTrue(service["tmpfs"].Texts.All(t => t.Contains("size=", StringComparison.Ordinal)), name);
            Assert.IsGreaterThan(0, service["tmpfs"].Items.Count, name);
            var limits = service["deploy"]["resources"]["limits"];
            Assert.IsTrue(limits["cpus"].Exists && limits["memory"].Exists && limits["pids"].Exists, name);
            Assert.IsTrue(service["healthcheck"]["test"].Exists && service["stop_grace_period"].Exists && service["restart"].Exists, name);
            Assert.DoesNotContain(":latest", service["image"].Text!, name);
        }
    }

    [TestMethod]
    public void Variables_AreDocumented_WithTheSameDefaults()
    {
        var documented = DeployFiles.Read(".env.example").Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#').Select(line => line.Split('=', 2))
            .ToDictionary(line => line[0], line => line[1]);
        var used = Variable().Matches(DeployFiles.Read("docker-compose.yml")).Select(m => (Name: m.Groups["name"].Value, Default: m.Groups["default"].Value)).Distinct().ToArray();
        CollectionAssert.AreEquivalent(documented.Keys.ToArray(), used.Select(v => v.Name).ToArray());
        foreach (var (name, standard) in used) Assert.AreEqual(documented[name], standard, name);
        Assert.AreEqual(DeployFiles.Version, documented["INFERMESH_VERSION"]);
    }

    [TestMethod]
    public void Images_OfOurs_AreNamedAsTheProjectsPublishThem()
    {
        foreach (var (name, service) in Services.Where(s => IsOurs(s.Name)))
        {
            var project = name.StartsWith("silo", StringComparison.Ordinal) ? "Silo" : "Api";
            Assert.AreEqual($"${{INFERMESH_REGISTRY:-}}infermesh/{project.ToLowerInvariant()}:${{INFERMESH_VERSION:-{DeployFiles.Version}}}", service["image"].Text, name);
            CollectionAssert.Contains(service["healthcheck"]["test"].Texts.ToArray(), $"/app/InferMesh.{project}.dll", name);
        }
    }

    [TestMethod]
    public void GracePeriods_AreLongerThanWhatTheProcessesTake()
    {
        Assert.AreEqual(Setting(MeshRole.Silo, "InferMesh:Cluster:GracefulStopTimeout") + TimeSpan.FromSeconds(10), Grace("silo-1"));
        Assert.AreEqual(Setting(MeshRole.Api, "InferMesh:Http:DrainTimeout") + TimeSpan.FromSeconds(10), Grace("api-1"));
    }

    [TestMethod]
    public void SecretsAndConfigs_AreFilesThatThereAre()
    {
        using var secrets = ScriptedSecrets.Make();
        foreach (var name in File["secrets"].Keys)
        {
            var path = File["secrets"][name]["file"].Text!;
            Assert.IsTrue(System.IO.File.Exists(path.Replace("${INFERMESH_SECRETS_DIR:-./secrets}", secrets.Folder, StringComparison.Ordinal)), path);
        }
        foreach (var name in File["configs"].Keys) Assert.IsTrue(System.IO.File.Exists(DeployFiles.Path(File["configs"][name]["file"].Text!)), name);
        foreach (var (name, service) in Services)
        {
            Assert.IsEmpty(service["secrets"].Items.Select(s => s["source"].Text!).Except(File["secrets"].Keys), name);
            Assert.IsEmpty(service["configs"].Items.Select(s => s["source"].Text!).Except(File["configs"].Keys), name);
        }
        // Only secrets that a process reads: an API that is taken over does not have the database's.
        CollectionAssert.DoesNotContain(File["services"]["api-1"]["secrets"].Items.Select(s => s["source"].Text).ToArray(), "silo_meshdb");
    }

    [TestMethod]
    public void Networks_KeepStoresAndSilosInside_AndOnlyTheBalancerOpensPorts()
    {
        Assert.AreEqual("true", File["networks"]["stores"]["internal"].Text);
        Assert.AreEqual("true", File["networks"]["mesh"]["internal"].Text);
        foreach (var (name, service) in Services)
        {
            if (name is "redis" or "postgres" || name.StartsWith("silo", StringComparison.Ordinal))
                CollectionAssert.DoesNotContain(service["networks"].Keys.Concat(service["networks"].Texts.OfType<string>()).ToArray(), "front", name);
            if (name is not ("balancer" or "prometheus")) Assert.IsFalse(service["ports"].Exists, name);
            Assert.IsTrue(service["ports"].Texts.All(port => port.StartsWith("127.0.0.1:", StringComparison.Ordinal) || port.StartsWith("${INFERMESH_BIND:-127.0.0.1}:", StringComparison.Ordinal)), name);
        }
        var addresses = Services.Select(s => s.Service["networks"]["mesh"]["ipv4_address"].Text).OfType<string>().ToArray();
        Assert.AreEqual(5, addresses.Distinct().Count());
        foreach (var (name, service) in Services.Where(s => s.Name.StartsWith("silo", StringComparison.Ordinal)))
            Assert.AreEqual(service["networks"]["mesh"]["ipv4_address"].Text, service["environment"]["InferMesh__Cluster__AdvertisedIPAddress"].Text, name);
    }

    [TestMethod]
    public void Balancer_GivesTheFileWhatItAsksFor()
    {
        var asked = BalancerVariable().Matches(DeployFiles.Read("haproxy.cfg")).Select(m => m.Groups[1].Value).Distinct().ToArray();
        CollectionAssert.AreEquivalent(asked, File["services"]["balancer"]["environment"].Keys.ToArray());
    }

    [TestMethod]
    public void References_AmongServices_LeadSomewhere()
    {
        foreach (var (name, service) in Services)
        {
            Assert.IsEmpty(service["depends_on"].Keys.Except(File["services"].Keys), name);
            Assert.IsEmpty(service["networks"].Keys.Concat(service["networks"].Texts).Except(File["networks"].Keys), name);
            Assert.IsEmpty(service["volumes"].Texts.Where(v => !v.StartsWith('$')).Select(v => v.Split(':')[0]).Except(File["volumes"].Keys), name);
        }
        Assert.IsEmpty(Targets().Matches(DeployFiles.Read("prometheus.yml")).Select(m => m.Groups[1].Value).Except(File["services"].Keys));
    }

    [TestMethod]
    public void Prometheus_FindsItsRulesAndItsKey()
    {
        var (settings, service) = (DeployFiles.Yaml("prometheus.yml"), File["services"]["prometheus"]);
        var mounted = service["configs"].Items.ToDictionary(c => c["target"].Text!, c => File["configs"][c["source"].Text!]["file"].Text!);
        Assert.IsNotEmpty(settings["rule_files"].Texts);
        foreach (var rules in settings["rule_files"].Texts)
            Assert.IsTrue(System.IO.File.Exists(DeployFiles.Path(mounted[$"/etc/prometheus/{rules}"])), rules);
        var api = settings["scrape_configs"].Items.Single(s => s["job_name"].Text == "infermesh-api");
        Assert.Contains(api["authorization"]["credentials_file"].Text, service["secrets"].Items.Select(s => s["target"].Text));
    }

    private static bool IsOurs(string service) => service.StartsWith("silo", StringComparison.Ordinal) || service.StartsWith("api", StringComparison.Ordinal);

    private static TimeSpan Grace(string service) => TimeSpan.FromSeconds(int.Parse(File["services"][service]["stop_grace_period"].Text!.TrimEnd('s'), CultureInfo.InvariantCulture));

    internal static TimeSpan Setting(MeshRole role, string key) =>
        TimeSpan.Parse(new ConfigurationBuilder().Add(new SettingsFile(DeployFiles.Path("infermesh.json"), role)).Build()[key]!, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\d+:\d+$")]
    private static partial Regex NumericUser();

    [GeneratedRegex(@"(?<!\$)\$\{(?<name>[A-Z_]+):-(?<default>[^}]*)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex BalancerVariable();

    [GeneratedRegex(@"((?:silo|api)-\d):")]
    private static partial Regex Targets();
}
