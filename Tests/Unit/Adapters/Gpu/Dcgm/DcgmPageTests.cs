using System.Text;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Dcgm;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Dcgm;

/// <summary>Captured pages come from real exporters; pages in this file are written by hand after DCGM's list of fields.</summary>
[TestClass]
public sealed class DcgmPageTests
{
    private const long MiB = 1L << 20;

    [TestMethod]
    [DataRow("dcgm-a100vgpu-vks")]
    [DataRow("dcgm-l4-kops")]
    [DataRow("dcgm-l40s-viettel")]
    [DataRow("dcgm-t4-ericsson")]
    public void Parse_CapturedPage_IsTheGoldenReading(string page) => GpuGolden.Check(page, Captured(page));

    [TestMethod]
    public void Parse_CapturedL4_ConvertsUnits()
    {
        var snapshot = Captured("dcgm-l4-kops");
        Assert.AreEqual("580.105.08", snapshot.DriverVersion);
        var gpu = snapshot.Readings.Single(); // the page says everything twice
        Assert.AreEqual("GPU-c2f76b33-7953-256e-8f33-1343419b1a1c", gpu.Uuid);
        Assert.AreEqual("NVIDIA L4", gpu.Name);
        Assert.AreEqual("00000000:31:00.0", gpu.PciBusId);
        Assert.AreEqual((22563 + 470) * MiB, gpu.VramTotalBytes);
        Assert.AreEqual(0, gpu.VramUsedBytes);
        Assert.AreEqual(16.365, gpu.PowerWatts);
        Assert.AreEqual(31.0, gpu.TemperatureCelsius);
        Assert.AreEqual(210, gpu.SmClockMhz);
        Assert.AreEqual(405, gpu.MemoryClockMhz);
        Assert.AreEqual(112603.0, gpu.PcieTxBytesPerSecond);
        Assert.AreEqual(17544.0, gpu.PcieRxBytesPerSecond);
        Assert.AreEqual(0, gpu.RemappedRowsUncorrectable);
        Assert.IsFalse(gpu.RemappedRowsFailed);
        Assert.IsNull(gpu.MemoryTemperatureCelsius); // GDDR6 of an L4 has no sensor
        Assert.AreEqual("the page has no DCGM_FI_DEV_XID_ERRORS", gpu.Missing[nameof(GpuReading.LastXid)]);
    }

    [TestMethod]
    public void Parse_CapturedVgpu_KnowsTheSliceOfMemoryAndNoPower()
    {
        var gpu = Captured("dcgm-a100vgpu-vks").Readings.Single();
        Assert.AreEqual("GRID A100-10C", gpu.Name);
        Assert.AreEqual((9323 + 916) * MiB, gpu.VramTotalBytes);
        Assert.IsNull(gpu.PowerWatts);
        Assert.IsNull(gpu.TemperatureCelsius);
    }

    [TestMethod]
    public void Parse_MigSlices_AreOneReadingWithItsList()
    {
        static string Slice(int id, string profile, int used, int free) => $$"""
            DCGM_FI_DEV_FB_USED{gpu="2",UUID="GPU-a",modelName="NVIDIA A100",GPU_I_PROFILE="{{profile}}",GPU_I_ID="{{id}}"} {{used}}
            DCGM_FI_DEV_FB_FREE{gpu="2",UUID="GPU-a",modelName="NVIDIA A100",GPU_I_PROFILE="{{profile}}",GPU_I_ID="{{id}}"} {{free}}
            DCGM_FI_DEV_GPU_TEMP{gpu="2",UUID="GPU-a",modelName="NVIDIA A100",GPU_I_PROFILE="{{profile}}",GPU_I_ID="{{id}}"} 41
            DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="2",UUID="GPU-a",modelName="NVIDIA A100",GPU_I_PROFILE="{{profile}}",GPU_I_ID="{{id}}"} 0.5

            """;
        var gpu = Read(Slice(9, "1g.10gb", 7, 9000) + Slice(1, "3g.40gb", 100, 40000)).Readings.Single();

        Assert.AreEqual(2, gpu.Index);
        Assert.IsTrue(gpu.MigEnabled);
        Assert.AreEqual(41.0, gpu.TemperatureCelsius);
        Assert.IsNull(gpu.SmUtilization); // a slice's share is not the board's
        Assert.IsNull(gpu.VramTotalBytes);
        var (first, second) = (gpu.MigInstances![0], gpu.MigInstances[1]);
        Assert.AreEqual((1, "3g.40gb", 100 * MiB, 40100 * MiB), (first.GpuInstanceId, first.ProfileName, first.VramUsedBytes, first.VramTotalBytes));
        Assert.AreEqual((9, "1g.10gb", 7 * MiB, 9007 * MiB), (second.GpuInstanceId, second.ProfileName, second.VramUsedBytes, second.VramTotalBytes));
        Assert.IsNotNull(first.Missing[nameof(GpuMigInstance.Uuid)]);
        Nvml.NvmlGpuSourceTests.AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    [DataRow("2147483632", "blank")]
    [DataRow("2147483633", "not found")]
    [DataRow("2147483634", "not supported")]
    [DataRow("2147483635", "not permitted")]
    [DataRow("9223372036854775794", "64-bit blank")]
    [DataRow("9.223372036854776e+18", "64-bit blank")]
    [DataRow("140737488355330.0", "not supported")]
    [DataRow("NaN", "no number")]
    [DataRow("+Inf", "64-bit blank")]
    [DataRow("-1", "out of range")]
    [DataRow("1e300", "64-bit blank")]
    public void Parse_ValueThatIsNone_IsNullWithItsReason(string value, string reason)
    {
        foreach (var (metric, field) in new[]
        {
            ("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", nameof(GpuReading.EccUncorrectedVolatile)), ("DCGM_FI_DEV_POWER_USAGE", nameof(GpuReading.PowerWatts)),
            ("DCGM_FI_DEV_FB_USED", nameof(GpuReading.VramUsedBytes)), ("DCGM_FI_DEV_GPU_UTIL", nameof(GpuReading.SmUtilization)),
        })
        {
            var gpu = Read($"{metric}{{gpu=\"0\",UUID=\"GPU-a\"}} {value}\n").Readings.Single();
            Assert.IsNull(typeof(GpuReading).GetProperty(field)!.GetValue(gpu), field);
            StringAssert.Contains(gpu.Missing[field], reason);
            StringAssert.Contains(gpu.Missing[field], metric);
        }
    }

    [TestMethod]
    public void Parse_ErrorsAndLinks_ConvertUnits()
    {
        var gpu = Read(string.Concat(new (string Metric, string Value)[]
        {
            ("ECC_SBE_VOL_TOTAL", "1"), ("ECC_DBE_VOL_TOTAL", "2"), ("ECC_SBE_AGG_TOTAL", "3"), ("ECC_DBE_AGG_TOTAL", "4"), ("RETIRED_SBE", "5"), ("RETIRED_DBE", "6"),
            ("RETIRED_PENDING", "1"), ("CORRECTABLE_REMAPPED_ROWS", "7"), ("UNCORRECTABLE_REMAPPED_ROWS", "8"), ("ROW_REMAP_FAILURE", "1"), ("PCIE_REPLAY_COUNTER", "9"),
            ("NVLINK_BANDWIDTH_TOTAL", "220000"), ("NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "10"), ("NVLINK_CRC_DATA_ERROR_COUNT_TOTAL", "11"),
            ("NVLINK_REPLAY_ERROR_COUNT_TOTAL", "12"), ("NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "13"), ("CLOCK_THROTTLE_REASONS", "68"), ("MEMORY_TEMP", "77"), ("FB_TOTAL", "81559"),
        }.Select(sample => $"DCGM_FI_DEV_{sample.Metric}{{gpu=\"0\",UUID=\"GPU-a\"}} {sample.Value}\n")) + """
            DCGM_FI_PROF_SM_ACTIVE{gpu="0",UUID="GPU-a"} 0.25
            DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{gpu="0",UUID="GPU-a"} 1.0001
            DCGM_FI_PROF_DRAM_ACTIVE{gpu="0",UUID="GPU-a"} 0.5
            DCGM_FI_PROF_NVLINK_TX_BYTES{gpu="0",UUID="GPU-a"} 1e9

            """).Readings.Single();

        Assert.AreEqual((1L, 2L, 3L, 4L), (gpu.EccCorrectedVolatile, gpu.EccUncorrectedVolatile, gpu.EccCorrectedAggregate, gpu.EccUncorrectedAggregate));
        Assert.AreEqual((5L, 6L, true), (gpu.RetiredPagesSingleBit, gpu.RetiredPagesDoubleBit, gpu.RetiredPagesPending));
        Assert.AreEqual((7L, 8L, true), (gpu.RemappedRowsCorrectable, gpu.RemappedRowsUncorrectable, gpu.RemappedRowsFailed));
        Assert.AreEqual(9, gpu.PcieReplays);
        Assert.AreEqual(220e6 * 1024, gpu.NvLinkBytesPerSecond);
        Assert.AreEqual((21L, 12L, 13L), (gpu.NvLinkCrcErrors, gpu.NvLinkReplayErrors, gpu.NvLinkRecoveryErrors));
        Assert.AreEqual(GpuThrottleReasons.SwPowerCap | GpuThrottleReasons.HwThermalSlowdown, gpu.ThrottleReasons);
        Assert.AreEqual((0.25, 1.0, 0.5), (gpu.SmActive, gpu.TensorActive, gpu.DramActive));
        Assert.AreEqual(1e9, gpu.NvLinkTxBytesPerSecond);
        Assert.IsNull(gpu.NvLinkRxBytesPerSecond);
        Assert.AreEqual(77.0, gpu.MemoryTemperatureCelsius);
        Assert.AreEqual(81559 * MiB, gpu.VramTotalBytes);
    }

    [TestMethod]
    [DataRow("DCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\",err_code=\"79\",err_msg=\"x\"} 79\nDCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\",err_code=\"0\"} 0\n", 79)]
    [DataRow("DCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\",err_code=\"31\"} NaN\n", 31)]
    [DataRow("DCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\"} 0\n", 0)]
    public void Parse_Xid_IsTheLastOne(string page, int xid) => Assert.AreEqual(xid, Read(page).Readings.Single().LastXid);

    [TestMethod]
    public void Parse_IndicesThatRepeatOrAreAbsent_StayDistinct()
    {
        var readings = Read("""
            DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-a"} 30
            DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-b"} 31
            DCGM_FI_DEV_GPU_TEMP{gpu="99999999999",UUID="GPU-c"} 32
            DCGM_FI_DEV_NVSWITCH_TEMPERATURE_CURRENT{nvswitch="0"} 50

            """).Readings;
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, readings.Select(reading => reading.Index).ToArray());
    }

    [TestMethod]
    public void Parse_GpusWithoutUuid_AreToldApartByMachineAndPlace()
    {
        var readings = Read("""
            DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="",Hostname="a"} 30
            DCGM_FI_DEV_POWER_USAGE{gpu="0",Hostname="a"} 100
            DCGM_FI_DEV_GPU_TEMP{gpu="0",Hostname="b"} 31
            DCGM_FI_DEV_GPU_TEMP{device="nvidia1",Hostname="b"} 32

            """).Readings;
        CollectionAssert.AreEqual(new double?[] { 30, 31, 32 }, readings.Select(reading => reading.TemperatureCelsius).ToArray());
        Assert.AreEqual(100.0, readings[0].PowerWatts);
        Assert.AreEqual("dcgm-exporter does not report it", readings[0].Missing[nameof(GpuReading.Uuid)]);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("up 1\n")]
    [DataRow("<html>not metrics</html>")]
    [DataRow("DCGM_FI_DEV_GPU_TEMP 30\n")]
    public void Parse_PageWithoutAGpu_IsNoSnapshot(string page) => Assert.IsNull(DcgmGpuSource.Parse(Encoding.UTF8.GetBytes(page), "dcgm"));

    private static GpuSnapshot Captured(string page) => DcgmGpuSource.Parse(GpuCaptures.Read($"metrics-expositions/{page}.prom.gz"), "dcgm")!;

    private static GpuSnapshot Read(string page) => DcgmGpuSource.Parse(Encoding.UTF8.GetBytes(page), "dcgm")!;
}
