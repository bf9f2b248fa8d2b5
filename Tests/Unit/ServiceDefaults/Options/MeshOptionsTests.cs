using System.ComponentModel.DataAnnotations;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.ServiceDefaults.Options;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.ServiceDefaults.Options;

[TestClass]
public sealed class MeshOptionsTests
{
    private const string Path = "InferMesh:Probe";

    [TestMethod]
    public void AddMeshOptions_NothingConfigured_GivesDefaults()
    {
        var (settings, errors) = Read([]);

        Assert.IsEmpty(errors);
        Assert.AreEqual((10, Colour.Green), (settings.Port, settings.Colour));
    }

    [TestMethod]
    public void AddMeshOptions_GoodValues_BindsEveryKind()
    {
        var (settings, errors) = Read(new()
        {
            ["port"] = "11",
            ["Colour"] = "red",
            ["Every"] = "00:00:02",
            ["Limits:Max"] = "5",
            ["Names:0"] = "a",
            ["Names:1"] = "b",
            ["Weights:x"] = "0.5",
            ["Note"] = "",
        });

        Assert.IsEmpty(errors, string.Join('\n', errors));
        Assert.AreEqual((11, Colour.Red, TimeSpan.FromSeconds(2), 5), (settings.Port, settings.Colour, settings.Every, settings.Limits.Max));
        CollectionAssert.AreEqual(new[] { "a", "b" }, settings.Names);
        Assert.AreEqual(0.5, settings.Weights["x"]);
    }

    [TestMethod]
    public void AddMeshOptions_UnknownKey_IsNamedWithTheKnownOnes()
    {
        var (_, errors) = Read(new() { ["Prot"] = "1" });

        Assert.AreEqual("InferMesh:Probe:Prot: unknown key; known keys: Colour, Every, Limits, Names, Note, Password, Port, Weights", errors.Single().ToString());
    }

    [TestMethod]
    public void AddMeshOptions_UnknownNestedKey_IsNamedByItsFullPath()
    {
        var (_, errors) = Read(new() { ["Limits:Mx"] = "1" });

        Assert.AreEqual("InferMesh:Probe:Limits:Mx", errors.Single().Key);
    }

    [TestMethod]
    [DataRow("Port", "abc", "must be a whole number")]
    [DataRow("Port", "0", "must be from 1 to 65535")]
    [DataRow("Colour", "blue", "must be one of Green, Red")]
    [DataRow("Colour", "7", "must be one of Green, Red")]
    [DataRow("Every", "fast", "must be a duration such as 00:00:05 (hours:minutes:seconds)")]
    [DataRow("Every", "5", "must be from 0:00:01 to 0:01:00")]
    [DataRow("Limits:Max", "11", "must be from 1 to 10")]
    [DataRow("Weights:x", "heavy", "must be a number")]
    [DataRow("Port:Http", "1", "must be a single value")]
    public void AddMeshOptions_BadValue_SaysWhatIsAllowed(string key, string value, string allowed)
    {
        var (_, errors) = Read(new() { [key] = value });

        Assert.AreEqual(allowed, errors.Single().Allowed);
        Assert.StartsWith($"{Path}:", errors.Single().Key);
    }

    [TestMethod]
    public void AddMeshOptions_BadSecret_DoesNotShowIt()
    {
        var (_, errors) = Read(new() { ["Password"] = "hunter2", ["Pasword"] = "hunter2" });

        Assert.HasCount(2, errors);
        Assert.DoesNotContain("hunter2", string.Join('\n', errors));
    }

    [TestMethod]
    public void AddMeshOptions_SeveralErrors_AreAllFound()
    {
        var (_, errors) = Read(new() { ["Port"] = "0", ["Colour"] = "blue", ["X"] = "1", ["Limits:Max"] = "99", ["Every"] = "1:00:00" });

        Assert.HasCount(5, errors);
    }

    [TestMethod]
    public void AddMeshOptions_CrossRuleBroken_NamesTheMember()
    {
        var (_, errors) = Read(new() { ["Port"] = "13" });

        Assert.AreEqual($"{Path}:Port: brings bad luck", errors.Single().ToString());
    }

    [TestMethod]
    public void ThrowOnBadSettings_TwoClassesAndAnUnknownSection_ReportsAllAtOnce()
    {
        var configuration = Configuration(new() { ["InferMesh:Probe:Port"] = "0", ["InferMesh:Other:Port"] = "0", ["InferMesh:Prob:Port"] = "1", ["InferMesh:Foreign:X"] = "1" });
        var services = new ServiceCollection();
        services.AddMeshOptions<Settings>(configuration, Path);
        services.AddMeshOptions<Settings>(configuration, "InferMesh:Other");
        services.AllowMeshSections("InferMesh:Foreign");

        var e = Assert.ThrowsExactly<StartupException>(() => services.ThrowOnBadSettings(configuration));

        CollectionAssert.AreEquivalent(new[] { "InferMesh:Probe:Port", "InferMesh:Other:Port", "InferMesh:Prob" }, e.Errors.Select(error => error.Key).ToArray());
        Assert.AreEqual(ExitCodes.BadConfiguration, e.ExitCode);
        Assert.HasCount(4, e.Message.Split(Environment.NewLine));
    }

    [TestMethod]
    public void ValidateMeshOptions_RuleRegisteredAsService_IsRun()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMeshOptions<Settings>(Configuration([]), Path);
        services.AddSingleton<IValidateOptions<Settings>>(new ValidateOptions<Settings>(null, settings => settings.Port != 10, "ten is taken"));
        using var provider = services.BuildServiceProvider();

        var e = Assert.ThrowsExactly<StartupException>(provider.ValidateMeshOptions);

        Assert.AreEqual($"{Path}: ten is taken", e.Errors.Single().ToString());
    }

    [TestMethod]
    public void Monitor_GoodReload_TellsListenersOnce()
    {
        var configuration = Configuration(new() { ["InferMesh:Probe:Port"] = "20" });
        using var provider = Provider(configuration, out _);
        var monitor = provider.GetRequiredService<IOptionsMonitor<Settings>>();
        var seen = new List<int>();
        using var subscription = monitor.OnChange(settings => seen.Add(settings.Port));

        configuration["InferMesh:Probe:Port"] = "21";
        configuration.Reload();
        configuration.Reload();

        Assert.AreEqual(21, monitor.CurrentValue.Port);
        CollectionAssert.AreEqual(new[] { 21 }, seen);
    }

    [TestMethod]
    public void Monitor_BadReload_KeepsTheLastGoodAndLogsOneLine()
    {
        var configuration = Configuration(new() { ["InferMesh:Probe:Port"] = "20" });
        using var provider = Provider(configuration, out var log);
        var monitor = provider.GetRequiredService<IOptionsMonitor<Settings>>();

        configuration["InferMesh:Probe:Port"] = "0";
        configuration["InferMesh:Probe:Nonsense"] = "1";
        configuration.Reload();
        configuration.Reload();

        Assert.AreEqual(20, monitor.CurrentValue.Port);
        var line = log.Lines.Single(entry => entry.Level == LogLevel.Error).Text;
        Assert.Contains("InferMesh:Probe:Port", line);
        Assert.Contains("Nonsense", line);
        Assert.DoesNotContain("\n", line);
    }

    private static (Settings Settings, IReadOnlyList<SettingError> Errors) Read(Dictionary<string, string?> values)
    {
        var configuration = Configuration(values.ToDictionary(pair => $"{Path}:{pair.Key}", pair => pair.Value));
        var reading = SettingsReader.Read<Settings>(configuration, Path, []);
        return (reading.Value, reading.Errors);
    }

    private static IConfigurationRoot Configuration(Dictionary<string, string?> values) => new ConfigurationBuilder().AddInMemoryCollection(values).Build();

    private static ServiceProvider Provider(IConfiguration configuration, out ListLogger log)
    {
        var lines = new ListLogger();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(lines));
        services.AddMeshOptions<Settings>(configuration, Path);
        log = lines;
        return services.BuildServiceProvider();
    }

    public enum Colour
    {
        Green,
        Red,
    }

    public sealed class Settings : IValidatableObject
    {
        [Range(1, 65535)]
        public int Port { get; set; } = 10;

        public Colour Colour { get; set; }

        [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
        public TimeSpan Every { get; set; } = TimeSpan.FromSeconds(1);

        [SecretSetting, MaxLength(3)]
        public string? Password { get; set; }

        public string? Note { get; set; }

        public Limits Limits { get; set; } = new();

        public List<string> Names { get; } = [];

        public Dictionary<string, double> Weights { get; } = [];

        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        {
            if (Port == 13)
                yield return new ValidationResult("brings bad luck", [nameof(Port)]);
        }
    }

    public sealed class Limits
    {
        [Range(1, 10)]
        public int Max { get; set; } = 3;
    }
}
