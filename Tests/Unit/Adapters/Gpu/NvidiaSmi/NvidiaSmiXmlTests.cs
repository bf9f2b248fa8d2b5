using System.Text;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.NvidiaSmi;

namespace InferMesh.Tests.Unit.Adapters.Gpu.NvidiaSmi;

/// <summary>Captured documents come from real machines; those in this file are written by hand in the same form.</summary>
[TestClass]
public sealed class NvidiaSmiXmlTests
{
    private const long MiB = 1L << 20;

    [TestMethod]
    [DataRow("a100-sxm4-v12")]
    [DataRow("a10g")]
    [DataRow("quadro-p2000-v12")]
    [DataRow("rtx-3090-v12")]
    [DataRow("rtx-4000-sff-ada-v13")]
    [DataRow("tesla-t4")]
    public void Parse_CapturedDocument_IsTheGoldenReading(string capture) => GpuGolden.Check("nvidia-smi-" + capture, Captured(capture));

    [TestMethod]
    public void Parse_CapturedRtx4000_ConvertsUnits()
    {
        var snapshot = Captured("rtx-4000-sff-ada-v13");
        Assert.AreEqual("nvidia-smi", snapshot.Source);
        Assert.AreEqual("595.84", snapshot.DriverVersion);
        var gpu = snapshot.Readings.Single();
        Assert.AreEqual("NVIDIA RTX 4000 SFF Ada Generation", gpu.Name);
        Assert.AreEqual("GPU-37037c3f-65c8-ec4d-24a9-420204ad8026", gpu.Uuid);
        Assert.AreEqual("00000000:06:00.0", gpu.PciBusId);
        Assert.AreEqual(20475 * MiB, gpu.VramTotalBytes);
        Assert.AreEqual(3534 * MiB, gpu.VramUsedBytes);
        Assert.AreEqual(0.37, gpu.MemoryUtilization!.Value, 1e-9);
        Assert.AreEqual(8.81, gpu.PowerWatts);
        Assert.AreEqual(70.0, gpu.PowerLimitWatts);
        Assert.AreEqual(38.0, gpu.TemperatureCelsius);
        Assert.AreEqual(210, gpu.SmClockMhz);
        Assert.AreEqual(405, gpu.MemoryClockMhz);
        Assert.AreEqual(8, gpu.PerformanceState);
        Assert.AreEqual(830_000.0, gpu.PcieTxBytesPerSecond);
        Assert.AreEqual(439_000.0, gpu.PcieRxBytesPerSecond);
        Assert.AreEqual(GpuThrottleReasons.GpuIdle, gpu.ThrottleReasons);
        Assert.IsTrue(gpu.PersistenceMode);
        Assert.IsFalse(gpu.MigEnabled);
        Assert.AreEqual(0, gpu.RemappedRowsUncorrectable);
        Assert.IsFalse(gpu.RemappedRowsPending);
        Assert.IsNull(gpu.EccCorrectedVolatile);
        Assert.AreEqual("ecc_errors/volatile/sram_correctable is 'N/A'", gpu.Missing[nameof(GpuReading.EccCorrectedVolatile)]);
        CollectionAssert.AreEqual(
            new[]
            {
                new GpuProcess(1842, GpuProcessKind.Graphics, 410 * MiB), new GpuProcess(3190, GpuProcessKind.Graphics, 451 * MiB),
                new GpuProcess(4937, GpuProcessKind.Compute, 160 * MiB),
                new GpuProcess(34626, GpuProcessKind.Compute, 183 * MiB), new GpuProcess(34626, GpuProcessKind.Graphics, 183 * MiB),
            },
            gpu.Processes!.ToArray());
    }

    [TestMethod]
    public void Parse_CapturedA100_ListsItsMigSlices()
    {
        var gpu = Captured("a100-sxm4-v12").Readings.Single();
        Assert.IsTrue(gpu.MigEnabled);
        Assert.IsNull(gpu.SmUtilization);
        Assert.AreEqual(67.03, gpu.PowerWatts);
        Assert.AreEqual(500.0, gpu.PowerLimitWatts);
        Assert.AreEqual(44.0, gpu.MemoryTemperatureCelsius);
        Assert.AreEqual(4_000_000.0, gpu.PcieTxBytesPerSecond);
        CollectionAssert.AreEqual(new int?[] { 3, 4, 5, 6 }, gpu.MigInstances!.Select(slice => slice.GpuInstanceId).ToArray());
        Assert.IsTrue(gpu.MigInstances!.All(slice => slice.VramTotalBytes == 19968 * MiB && slice.VramUsedBytes == 12 * MiB && slice.ComputeInstanceId == 0));
    }

    [TestMethod]
    public void Parse_CapturedT4_SumsEccAndCountsRetiredPages()
    {
        var gpu = Captured("tesla-t4").Readings.Single();
        Assert.AreEqual((0L, 0L, 0L, 0L), (gpu.EccCorrectedVolatile, gpu.EccUncorrectedVolatile, gpu.EccCorrectedAggregate, gpu.EccUncorrectedAggregate));
        Assert.AreEqual((0L, 0L, false), (gpu.RetiredPagesSingleBit, gpu.RetiredPagesDoubleBit, gpu.RetiredPagesPending));
        Assert.AreEqual("remapped_rows/remapped_row_corr is not in the output", gpu.Missing[nameof(GpuReading.RemappedRowsCorrectable)]);
        Assert.AreEqual(1005 * MiB, gpu.Processes![1].VramUsedBytes);
    }

    [TestMethod]
    [DataRow("<sram_correctable>1</sram_correctable><dram_correctable>2</dram_correctable><sram_uncorrectable>3</sram_uncorrectable><dram_uncorrectable>4</dram_uncorrectable>", 3L, 7L)]
    [DataRow("<dram_correctable>2</dram_correctable><sram_uncorrectable_parity>3</sram_uncorrectable_parity><sram_uncorrectable_secded>5</sram_uncorrectable_secded><dram_uncorrectable>4</dram_uncorrectable>", 2L, 12L)]
    [DataRow("<sram_correctable>N/A</sram_correctable><dram_correctable>2</dram_correctable><dram_uncorrectable>Unknown Error</dram_uncorrectable><sram_uncorrectable>0</sram_uncorrectable>", 2L, null)]
    [DataRow("<single_bit><device_memory>1</device_memory><total>8</total></single_bit><double_bit><total>9</total></double_bit>", 8L, 9L)]
    [DataRow("N/A", null, null)]
    public void Parse_Ecc_IsSummedOverWhatTheGpuCountsIn(string volatiles, long? corrected, long? uncorrected)
    {
        var gpu = Gpu($"<ecc_errors><volatile>{volatiles}</volatile></ecc_errors>");
        Assert.AreEqual(corrected, gpu.EccCorrectedVolatile);
        Assert.AreEqual(uncorrected, gpu.EccUncorrectedVolatile);
        Nvml.NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    [DataRow("N/A")]
    [DataRow("[Not Supported]")]
    [DataRow("Unknown Error")]
    [DataRow("Requested functionality has been deprecated")]
    [DataRow("[GPU requires reset]")]
    [DataRow("")]
    [DataRow("99999999999999999999999999 W")]
    [DataRow("-5 W")]
    [DataRow("70 MiB")]
    public void Parse_PowerThatIsNone_IsNullWithTheTextAsReason(string text)
    {
        var gpu = Gpu($"<power_readings><power_draw>{text}</power_draw></power_readings>");
        Assert.IsNull(gpu.PowerWatts);
        Assert.IsFalse(gpu.Lost);
        Assert.IsNotNull(gpu.Missing[nameof(GpuReading.PowerWatts)]);
    }

    [TestMethod]
    public void Parse_GpuThatIsLost_SaysSo()
    {
        var gpu = Gpu("<uuid>GPU-a</uuid><fan_speed>GPU is lost</fan_speed><temperature><gpu_temp>GPU is lost</gpu_temp></temperature>");
        Assert.IsTrue(gpu.Lost);
        Assert.AreEqual("GPU-a", gpu.Uuid);
        Nvml.NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    public void Parse_ThrottleReasonThatIsUnknown_MakesAllUnknown()
    {
        var gpu = Gpu("<clocks_throttle_reasons><clocks_throttle_reason_gpu_idle>Not Active</clocks_throttle_reason_gpu_idle><clocks_throttle_reason_hw_slowdown>ERR!</clocks_throttle_reason_hw_slowdown></clocks_throttle_reasons>");
        Assert.IsNull(gpu.ThrottleReasons);
        Assert.AreEqual("clocks_throttle_reason_hw_slowdown is 'ERR!'", gpu.Missing[nameof(GpuReading.ThrottleReasons)]);
    }

    [TestMethod]
    public void Parse_WarningsAroundTheDocument_AreNotRead()
    {
        var (snapshot, _) = NvidiaSmiGpuSource.Parse("WARNING: slow\n<?xml version=\"1.0\" ?>\n<nvidia_smi_log><gpu id=\"1\"/></nvidia_smi_log>\nWARNING: infoROM is corrupted at gpu 0000:01:00.0 & more <");
        Assert.AreEqual("1", snapshot!.Readings.Single().PciBusId);
    }

    [TestMethod]
    public void Parse_ExternalEntity_IsNeitherFetchedNorExpanded()
    {
        var secret = Path.GetTempFileName();
        File.WriteAllText(secret, "GPU-secret");
        var external = $"<!DOCTYPE nvidia_smi_log [<!ENTITY x SYSTEM \"file://{secret}\">]><nvidia_smi_log><gpu><uuid>&x;</uuid></gpu></nvidia_smi_log>";
        var (snapshot, error) = NvidiaSmiGpuSource.Parse(external);
        Assert.IsNull(snapshot);
        StringAssert.Contains(error!, "not whole XML");
        File.Delete(secret);
    }

    [TestMethod]
    public void Parse_EntitiesThatGrow_TakeNoTime()
    {
        var lines = string.Concat(Enumerable.Range(1, 9).Select(i => $"<!ENTITY l{i} \"{string.Concat(Enumerable.Repeat($"&l{i - 1};", 10))}\">"));
        Assert.IsNull(NvidiaSmiGpuSource.Parse($"<!DOCTYPE nvidia_smi_log [<!ENTITY l0 \"lol\">{lines}]><nvidia_smi_log><gpu><uuid>&l9;</uuid></gpu></nvidia_smi_log>").Snapshot);
        Assert.IsNotNull(NvidiaSmiGpuSource.Parse($"<!DOCTYPE nvidia_smi_log [<!ENTITY l0 \"lol\">{lines}]><nvidia_smi_log><gpu/></nvidia_smi_log>").Snapshot);
    }

    [TestMethod]
    [DataRow("", "not XML")]
    [DataRow("NVIDIA-SMI has failed", "not XML")]
    [DataRow("<html></html>", "not a log")]
    [DataRow("<nvidia_smi_log><gpu>", "not whole XML")]
    [DataRow("<nvidia_smi_log><gpu></nvidia_smi_log>", "not whole XML")]
    public void Parse_NoDocument_SaysWhy(string output, string reason)
    {
        var (snapshot, error) = NvidiaSmiGpuSource.Parse(output);
        Assert.IsNull(snapshot);
        StringAssert.Contains(error!, reason);
    }

    [TestMethod]
    public void Parse_DeepOrManyElements_IsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("<a>", 100_000));
        StringAssert.Contains(NvidiaSmiGpuSource.Parse("<nvidia_smi_log>" + deep).Error!, "deeper or larger");
        var many = string.Concat(Enumerable.Repeat("<a/>", 300_000));
        StringAssert.Contains(NvidiaSmiGpuSource.Parse($"<nvidia_smi_log>{many}</nvidia_smi_log>").Error!, "deeper or larger");
    }

    private static GpuReading Gpu(string inside) => NvidiaSmiGpuSource.Parse($"<nvidia_smi_log><gpu id=\"0\">{inside}</gpu></nvidia_smi_log>").Snapshot!.Readings.Single();

    private static GpuSnapshot Captured(string capture)
    {
        var (snapshot, error) = NvidiaSmiGpuSource.Parse(Encoding.UTF8.GetString(GpuCaptures.Read($"gpu-captures/nvidia-smi-xml/{capture}.xml.gz")));
        Assert.IsNull(error);
        return snapshot!;
    }
}
