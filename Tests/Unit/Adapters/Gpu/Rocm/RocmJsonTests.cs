using System.Text;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Rocm;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Rocm;

/// <summary>Documents of rocm-smi come from real machines; those of amd-smi are written by hand (<see cref="AmdSmiDocuments"/>).</summary>
[TestClass]
public sealed class RocmJsonTests
{
    private const long MiB = 1L << 20;

    [TestMethod]
    [DataRow("mi100_rocm571")]
    [DataRow("mi100_rocm602")]
    [DataRow("rx6700xt_rocm430")]
    [DataRow("rx6700xt_rocm571")]
    [DataRow("rx6700xt_rocm602")]
    [DataRow("rx6700xt_rocm612")]
    [DataRow("vega-10-XT")]
    [DataRow("vega-20-WKS-GL-XE")]
    public void Parse_CapturedRocmSmi_IsTheGoldenReading(string capture) => GpuGolden.Check("rocm-smi-" + capture, Captured(capture));

    [TestMethod]
    public void Parse_HandWrittenAmdSmi_IsTheGoldenReading() =>
        GpuGolden.Check("amd-smi-by-hand", RocmGpuSource.ParseAmdSmi(AmdSmiDocuments.Metrics, AmdSmiDocuments.Statics)!);

    [TestMethod]
    public void Parse_CapturedMi100_ConvertsUnits()
    {
        var snapshot = Captured("mi100_rocm602");
        Assert.AreEqual("rocm", snapshot.Source);
        var gpu = snapshot.Readings[0];
        Assert.AreEqual("0x79ccd55167a2124a", gpu.Uuid);
        Assert.AreEqual("Arcturus GL-XL [Instinct MI100]", gpu.Name);
        Assert.AreEqual("0000:83:00.0", gpu.PciBusId);
        Assert.AreEqual(34342961152, gpu.VramTotalBytes);
        Assert.AreEqual(6750208, gpu.VramUsedBytes);
        Assert.AreEqual(36.0, gpu.PowerWatts);
        Assert.AreEqual(290.0, gpu.PowerLimitWatts);
        Assert.AreEqual(55.0, gpu.TemperatureCelsius); // junction, not the 53 of the edge
        Assert.AreEqual(53.0, gpu.MemoryTemperatureCelsius);
        Assert.AreEqual(300, gpu.SmClockMhz);
        Assert.AreEqual(1200, gpu.MemoryClockMhz);
        Assert.AreEqual(0.0, gpu.SmUtilization);
        Assert.AreEqual(0, gpu.PcieReplays);
        Assert.IsFalse(gpu.MigEnabled);
    }

    [TestMethod]
    public void Parse_CapturedSerialsAndNames_FallBackToWhatIdentifies()
    {
        Assert.AreEqual("0x2f048617326b1ea", Captured("vega-20-WKS-GL-XE").Readings.Single().Uuid);
        var six = Captured("mi100_rocm571");
        Assert.HasCount(6, six.Readings);
        Assert.IsTrue(six.Readings.All(gpu => gpu.Uuid is null && gpu.PciBusId is not null)); // unique id N/A, serial 0
        var old = Captured("rx6700xt_rocm430").Readings.Single();
        Assert.IsNull(old.Name);
        Assert.AreEqual("the tool gives the number 0x1002 for a name", old.Missing[nameof(GpuReading.Name)]);
        Assert.AreEqual("Average Graphics Package Power (W) is 'N/A (Secondary die)'", SecondaryDie().Missing[nameof(GpuReading.PowerWatts)]);
    }

    [TestMethod]
    public void Parse_HandWrittenAmdSmi_ConvertsUnits()
    {
        var snapshot = RocmGpuSource.ParseAmdSmi(AmdSmiDocuments.Metrics, AmdSmiDocuments.Statics)!;
        Assert.AreEqual("6.8.5", snapshot.DriverVersion);
        var gpu = snapshot.Readings[0];
        Assert.AreEqual("0xa1b2c3d4e5f607", gpu.Uuid); // as rocm-smi writes the same number
        Assert.AreEqual("AMD Instinct MI300X", gpu.Name);
        Assert.AreEqual(196592 * MiB, gpu.VramTotalBytes);
        Assert.AreEqual(283 * MiB, gpu.VramUsedBytes);
        Assert.AreEqual(0.42, gpu.SmUtilization!.Value, 1e-9);
        Assert.AreEqual(0.07, gpu.MemoryUtilization!.Value, 1e-9);
        Assert.AreEqual((139.0, 650.0, 51.0, 45.0), (gpu.PowerWatts, gpu.PowerLimitWatts, gpu.TemperatureCelsius, gpu.MemoryTemperatureCelsius));
        Assert.AreEqual((2100, 1300), (gpu.SmClockMhz, gpu.MemoryClockMhz));
        Assert.AreEqual((5L, 1L, 3L), (gpu.EccCorrectedVolatile, gpu.EccUncorrectedVolatile, gpu.PcieReplays));
        Assert.AreEqual(1e6, gpu.PcieTxBytesPerSecond);
        Assert.AreEqual(GpuThrottleReasons.None, gpu.ThrottleReasons);
        var other = snapshot.Readings[1];
        Assert.AreEqual(("PCB123", "Board", 1000.0, 700.0), (other.Uuid, other.Name, other.PowerLimitWatts, other.PowerWatts));
        Assert.AreEqual(0.99, other.SmUtilization!.Value, 1e-9);
        Assert.AreEqual(196592 * MiB, other.VramTotalBytes);
        Assert.AreEqual(GpuThrottleReasons.SwPowerCap, other.ThrottleReasons);
        Assert.AreEqual("usage>umc_activity is 'N/A'", other.Missing[nameof(GpuReading.MemoryUtilization)]);
    }

    [TestMethod]
    public void Parse_AmdSmiWithoutStatics_StillReadsWhatChanges()
    {
        var gpu = RocmGpuSource.ParseAmdSmi(AmdSmiDocuments.Metrics, "")!.Readings[0];
        Assert.AreEqual(139.0, gpu.PowerWatts);
        Assert.IsNull(gpu.Uuid);
        Nvml.NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    public void Parse_WarningsBeforeTheDocument_AreSkipped() =>
        Assert.AreEqual(1, RocmGpuSource.ParseRocmSmi("WARNING: [1] low power {state}\n\n{\"card1\": {\"GPU use (%)\": \"5\"}}")!.Readings.Single().Index);

    [TestMethod]
    [DataRow("")]
    [DataRow("WARNING: No JSON data to report")]
    [DataRow("[]")]
    [DataRow("{}")]
    [DataRow("{\"system\": {}}")]
    [DataRow("{\"card0\": 5}")]
    [DataRow("{\"cardx\": {}, \"card-1\": {}, \"card9999999\": {}}")]
    [DataRow("{\"\\ud800\": {}, \"card0\\ud800\": {}}")]
    [DataRow("{\"card0\": {")]
    public void Parse_NoCard_IsNoSnapshot(string output)
    {
        Assert.IsNull(RocmGpuSource.ParseRocmSmi(output));
        Assert.IsNull(RocmGpuSource.ParseAmdSmi(output, output));
    }

    [TestMethod]
    public void Parse_HalfOfASurrogatePair_IsNoText()
    {
        var gpu = RocmGpuSource.ParseRocmSmi("{\"card0\": {\"\\ud800\": 1, \"Card Series\": \"\\ud800\", \"GPU use (%)\": 7}}")!.Readings.Single();
        Assert.IsNull(gpu.Name);
        Nvml.NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    private static GpuReading SecondaryDie() => Captured("rx6700xt_rocm602").Readings.Single();

    private static GpuSnapshot Captured(string capture) => RocmGpuSource.ParseRocmSmi(Encoding.UTF8.GetString(GpuCaptures.Read($"gpu-captures/rocm-smi-json/{capture}.json.gz")))!;
}
