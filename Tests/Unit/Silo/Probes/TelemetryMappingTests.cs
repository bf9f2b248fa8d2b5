using System.ComponentModel.DataAnnotations;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Silo.Probes;
using InferMesh.Tests.Unit.Adapters.Probing;

namespace InferMesh.Tests.Unit.Silo.Probes;

[TestClass]
public sealed class TelemetryMappingTests
{
    private readonly SteppedTime _time = new();

    [TestMethod]
    public void ToTelemetry_Reading_KeepsUnknownsAndDatesItByAge()
    {
        var entry = new RuntimeEntry
        {
            Target = new FakeRuntimeProbe().Target() with { Gpu = "L4", Capacity = new RuntimeCapacity { MaxConcurrency = 8 } },
            Healthy = true,
            SampledAt = _time.GetTimestamp(),
            Models =
            [
                new ModelReading { Model = "base", Runtime = "vllm", Loaded = true, Running = 2, SampledAt = default, Ttft = new LatencyWindow(double.NaN, 1, 2, 3, 4) },
                new ModelReading { Model = "tuned", BaseModel = "base", Runtime = "vllm", Loaded = true, SampledAt = default },
            ],
        };
        var reading = new NodeReading { Runtimes = new RuntimePart([entry], _time.GetTimestamp(), 1) };
        var sampled = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(3));
        var telemetry = TelemetryMapping.ToTelemetry("n", 5, 6, reading, _time);

        Assert.AreEqual(sampled, telemetry.SampledAt);
        Assert.IsNull(telemetry.Gpus);
        var models = telemetry.Runtimes!.Single().Models;
        Assert.AreEqual(2, models[0].Running);
        Assert.IsNull(models[0].Waiting);
        Assert.IsNull(models[0].TtftSeconds);
        Assert.AreEqual(2, models[0].TtftP95Seconds);
        Assert.AreEqual(8, models[0].MaxConcurrency);
        CollectionAssert.AreEqual(new[] { "tuned" }, models[0].LoraAdapters.ToArray());
    }

    [TestMethod]
    public void Settings_Wrong_NamesEveryKey()
    {
        var settings = new ProbeSettings
        {
            Enabled = true,
            NodeId = "-",
            GpuLibraryPath = "x",
            GpuToolPath = "x",
            GpuEndpoint = "x",
            Runtimes =
            {
                new RuntimeProbeSettings { Kind = "ollama", Endpoint = "nowhere", PricePerHour = -1, MaxConcurrency = 0, Timeout = TimeSpan.Zero },
                new RuntimeProbeSettings { Endpoint = "http://127.0.0.1:8000", BearerTokenFile = "no-such-file" },
            },
        };
        var keys = settings.Validate(new ValidationContext(settings)).SelectMany(result => result.MemberNames).ToArray();
        CollectionAssert.AreEqual(
            new[]
            {
                "NodeId", "GpuLibraryPath", "GpuToolPath", "GpuEndpoint", "Runtimes:0:Kind", "Runtimes:0:Endpoint", "Runtimes:0:PricePerHour", "Runtimes:0:Timeout", "Runtimes:0:MaxConcurrency",
                "Runtimes:1:BearerTokenFile",
            },
            keys);
    }

    [TestMethod]
    [DataRow("Nvml", "nvml")]
    [DataRow("Dcgm", "dcgm")]
    [DataRow("NvidiaSmi", "nvidia-smi")]
    [DataRow("Rocm", "rocm")]
    [DataRow("Auto", "auto")]
    [DataRow("None", null)]
    public void Create_GpuSource_IsTheOneThatTheSettingsName(string gpu, string? name)
    {
        var settings = new ProbeSettings { Gpu = Enum.Parse<ProbeGpuSource>(gpu) };
        Assert.IsEmpty(settings.Validate(new ValidationContext(settings)));
        using var client = new HttpClient();
        using var source = ProbeTargets.Create(settings, client, _time).Gpu;
        Assert.AreEqual(name, source?.Name);
    }

    [TestMethod]
    public void Settings_DcgmPageThatIsNoAddress_NamesTheKey()
    {
        var settings = new ProbeSettings { Gpu = ProbeGpuSource.Dcgm, GpuEndpoint = "http://user:secret@host/" };
        var error = settings.Validate(new ValidationContext(settings)).Single();
        Assert.AreEqual(nameof(ProbeSettings.GpuEndpoint), error.MemberNames.Single());
    }

    [TestMethod]
    public void Settings_Default_IsOffAndValid()
    {
        var settings = new ProbeSettings();
        Assert.IsFalse(settings.Enabled);
        Assert.IsEmpty(settings.Validate(new ValidationContext(settings)));
    }
}
