using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Nvml;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Nvml;

[TestClass]
public sealed class NvmlGpuSourceTests
{
    private const long GiB = 1L << 30;
    private const long MiB = 1L << 20;

    /// <summary>What NVML has no counter for.</summary>
    private static readonly string[] NotFromNvml =
    [
        nameof(GpuReading.DramActive), nameof(GpuReading.NvLinkBytesPerSecond), nameof(GpuReading.NvLinkRxBytesPerSecond), nameof(GpuReading.NvLinkTxBytesPerSecond),
        nameof(GpuReading.SmActive), nameof(GpuReading.TensorActive),
    ];

    [TestMethod]
    public void Read_TwoHealthyGpus_MarshalsEveryField()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        var snapshot = Snapshot(source.Read());

        Assert.AreEqual("nvml", snapshot.Source);
        Assert.AreEqual("580.105.08", snapshot.DriverVersion);
        Assert.AreEqual("13.580.105.08", snapshot.LibraryVersion);
        Assert.IsFalse(snapshot.Synthetic);
        Assert.HasCount(2, snapshot.Readings);
        for (var i = 0; i < 2; i++)
        {
            var gpu = snapshot.Readings[i];
            Assert.AreEqual(i, gpu.Index);
            Assert.AreEqual($"Stub GPU {i}", gpu.Name);
            Assert.AreEqual($"GPU-{i:D8}-0000-0000-0000-000000000000", gpu.Uuid);
            Assert.AreEqual($"00000001:3{i}:02.0", gpu.PciBusId);
            Assert.AreEqual(80 * GiB, gpu.VramTotalBytes);
            Assert.AreEqual((10 + i) * GiB, gpu.VramUsedBytes);
            Assert.AreEqual(0.40 + i / 100.0, gpu.SmUtilization!.Value, 1e-9);
            Assert.AreEqual(0.20 + i / 100.0, gpu.MemoryUtilization!.Value, 1e-9);
            Assert.AreEqual(60.0 + i, gpu.TemperatureCelsius);
            Assert.AreEqual(350.5 + i / 1000.0, gpu.PowerWatts!.Value, 1e-9);
            Assert.AreEqual(700.0, gpu.PowerLimitWatts);
            Assert.AreEqual(1980 + i, gpu.SmClockMhz);
            Assert.AreEqual(2619 + i, gpu.MemoryClockMhz);
            Assert.AreEqual((1L << 33) + i, gpu.EccCorrectedVolatile);
            Assert.AreEqual((1L << 33) + 10 + i, gpu.EccUncorrectedVolatile);
            Assert.AreEqual((1L << 33) + 100 + i, gpu.EccCorrectedAggregate);
            Assert.AreEqual((1L << 33) + 110 + i, gpu.EccUncorrectedAggregate);
            Assert.AreEqual(i == 0, gpu.PersistenceMode);
            Assert.AreEqual(i, gpu.PerformanceState);
            Assert.IsFalse(gpu.MigEnabled);
            Assert.IsEmpty(gpu.MigInstances!);
            Assert.IsFalse(gpu.Lost);
            Assert.IsFalse(gpu.Synthetic);
            AssertWhole(gpu);
        }
        Assert.AreEqual(GpuThrottleReasons.SwPowerCap | GpuThrottleReasons.HwThermalSlowdown, snapshot.Readings[0].ThrottleReasons);
        Assert.AreEqual(GpuThrottleReasons.GpuIdle, snapshot.Readings[1].ThrottleReasons);
    }

    [TestMethod]
    public void Read_Processes_KeepsKindAndUnknownMemory()
    {
        using var stub = NvmlStub.Create();
        using var source = stub.Open();
        var processes = Snapshot(source.Read()).Readings[0].Processes!;

        CollectionAssert.AreEqual(
            new[]
            {
                new GpuProcess(1000, GpuProcessKind.Compute, 5 * GiB),
                new GpuProcess(1001, GpuProcessKind.Compute, null),
                new GpuProcess(2000, GpuProcessKind.Graphics, 5 * GiB),
            },
            processes.ToArray());
    }

    [TestMethod]
    public void Read_MoreProcessesThanRoom_AsksAgainWithTheSizeTold()
    {
        using var stub = NvmlStub.Create().Set("compute", 100).Set("graphics", 0);
        using var source = stub.Open();
        var processes = Snapshot(source.Read()).Readings[0].Processes!;

        Assert.HasCount(100, processes);
        Assert.AreEqual(1099, processes[99].Pid);
        Assert.AreEqual(104 * GiB, processes[99].VramUsedBytes);
    }

    [TestMethod]
    public void Read_ProcessesAlwaysTooMany_IsMissingAfterBoundedAttempts()
    {
        using var stub = NvmlStub.Create().Set("nvmlDeviceGetComputeRunningProcesses_v3", 7);
        using var source = stub.Open();
        var gpu = Snapshot(source.Read()).Readings[0];

        Assert.IsNull(gpu.Processes);
        StringAssert.Contains(gpu.Missing[nameof(GpuReading.Processes)], "InsufficientSize");
    }

    [TestMethod]
    public void Read_MigEnabled_ListsSlicesAndLeavesUtilisationUnknown()
    {
        using var stub = NvmlStub.Create().Set("mig", 1);
        using var source = stub.Open();
        var gpu = Snapshot(source.Read()).Readings[1];

        Assert.IsTrue(gpu.MigEnabled);
        Assert.IsNull(gpu.SmUtilization);
        StringAssert.Contains(gpu.Missing[nameof(GpuReading.SmUtilization)], "not supported");
        var slices = gpu.MigInstances!;
        Assert.HasCount(3, slices);
        var (slots, profiles) = (new[] { 0, 2, 3 }, new[] { "1g.10gb", "1g.10gb", "1c.3g.40gb" });
        for (var i = 0; i < slots.Length; i++)
        {
            Assert.AreEqual($"MIG-00000001-slice-{slots[i]}", slices[i].Uuid);
            Assert.AreEqual(profiles[i], slices[i].ProfileName);
            Assert.AreEqual(9984 * MiB, slices[i].VramTotalBytes);
            Assert.AreEqual((100 + slots[i]) * MiB, slices[i].VramUsedBytes);
            Assert.AreEqual(7 + slots[i], slices[i].GpuInstanceId);
            Assert.AreEqual(slots[i], slices[i].ComputeInstanceId);
            Assert.IsEmpty(slices[i].Missing);
        }
        Assert.AreEqual(7, gpu.Processes![0].GpuInstanceId);
        Assert.AreEqual(0, gpu.Processes[0].ComputeInstanceId);
    }

    [TestMethod]
    public void Read_MigNameFromDriver_WinsOverTheDerivedOne()
    {
        using var stub = NvmlStub.Create().Set("mig", 1).Set("mig_named", 1);
        using var source = stub.Open();

        Assert.AreEqual("1g.10gb+me", Snapshot(source.Read()).Readings[0].MigInstances![0].ProfileName);
    }

    [TestMethod]
    public void Read_MigSliceFieldFails_IsMissingOnTheSliceAlone()
    {
        using var stub = NvmlStub.Create().Set("mig", 1).Set("nvmlDeviceGetGpuInstanceId", 999);
        using var source = stub.Open();
        var gpu = Snapshot(source.Read()).Readings[0];

        Assert.IsNull(gpu.MigInstances![0].GpuInstanceId);
        StringAssert.Contains(gpu.MigInstances[0].Missing[nameof(GpuMigInstance.GpuInstanceId)], "999");
        Assert.IsFalse(gpu.Missing.ContainsKey(nameof(GpuReading.MigInstances)));
    }

    [TestMethod]
    [DataRow("nvmlDeviceGetName", nameof(GpuReading.Name))]
    [DataRow("nvmlDeviceGetUUID", nameof(GpuReading.Uuid))]
    [DataRow("nvmlDeviceGetPciInfo_v3", nameof(GpuReading.PciBusId))]
    [DataRow("nvmlDeviceGetUtilizationRates", nameof(GpuReading.SmUtilization))]
    [DataRow("nvmlDeviceGetUtilizationRates", nameof(GpuReading.MemoryUtilization))]
    [DataRow("nvmlDeviceGetTemperature", nameof(GpuReading.TemperatureCelsius))]
    [DataRow("nvmlDeviceGetPowerUsage", nameof(GpuReading.PowerWatts))]
    [DataRow("nvmlDeviceGetEnforcedPowerLimit", nameof(GpuReading.PowerLimitWatts))]
    [DataRow("nvmlDeviceGetClockInfo", nameof(GpuReading.SmClockMhz))]
    [DataRow("nvmlDeviceGetClockInfo", nameof(GpuReading.MemoryClockMhz))]
    [DataRow("nvmlDeviceGetTotalEccErrors", nameof(GpuReading.EccCorrectedVolatile))]
    [DataRow("nvmlDeviceGetTotalEccErrors", nameof(GpuReading.EccUncorrectedAggregate))]
    [DataRow("nvmlDeviceGetCurrentClocksThrottleReasons", nameof(GpuReading.ThrottleReasons))]
    [DataRow("nvmlDeviceGetPersistenceMode", nameof(GpuReading.PersistenceMode))]
    [DataRow("nvmlDeviceGetPerformanceState", nameof(GpuReading.PerformanceState))]
    [DataRow("nvmlDeviceGetGraphicsRunningProcesses_v3", nameof(GpuReading.Processes))]
    [DataRow("nvmlDeviceGetFieldValues", nameof(GpuReading.MemoryTemperatureCelsius))]
    [DataRow("nvmlDeviceGetFieldValues", nameof(GpuReading.RetiredPagesPending))]
    [DataRow("nvmlDeviceGetRemappedRows", nameof(GpuReading.RemappedRowsPending))]
    [DataRow("nvmlDeviceGetPcieThroughput", nameof(GpuReading.PcieTxBytesPerSecond))]
    [DataRow("nvmlDeviceGetPcieReplayCounter", nameof(GpuReading.PcieReplays))]
    [DataRow("nvmlDeviceGetNvLinkErrorCounter", nameof(GpuReading.NvLinkCrcErrors))]
    [DataRow("nvmlDeviceRegisterEvents", nameof(GpuReading.LastXid))]
    [DataRow("nvmlEventSetCreate", nameof(GpuReading.LastXid))]
    public void Read_OneFieldNotSupported_IsNullWithItsReasonAndNothingElse(string function, string field)
    {
        using var stub = NvmlStub.Create().Set(function, 3);
        using var source = stub.Open();
        var gpu = Snapshot(source.Read()).Readings[0];

        Assert.IsNull(typeof(GpuReading).GetProperty(field)!.GetValue(gpu));
        StringAssert.Contains(gpu.Missing[field], "not supported");
        StringAssert.Contains(gpu.Missing[field], function);
        Assert.IsFalse(gpu.Lost);
        Assert.AreEqual(80 * GiB, gpu.VramTotalBytes);
        AssertEveryNullHasAReason(gpu);
    }

    [TestMethod]
    public void Read_FieldWithoutPermission_SaysSo()
    {
        using var stub = NvmlStub.Create().Set("nvmlDeviceGetComputeRunningProcesses_v3", 4);
        using var source = stub.Open();

        StringAssert.Contains(Snapshot(source.Read()).Readings[0].Missing[nameof(GpuReading.Processes)], "no permission");
    }

    [TestMethod]
    public void Read_UnknownPerformanceState_IsMissing()
    {
        using var stub = NvmlStub.Create().Set("pstate", 32);
        using var source = stub.Open();
        var gpu = Snapshot(source.Read()).Readings[0];

        Assert.IsNull(gpu.PerformanceState);
        Assert.IsTrue(gpu.Missing.ContainsKey(nameof(GpuReading.PerformanceState)));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    public void Read_MemoryV2_CountsNoReserveWhicheverWayUsedIsMeant(int usedWithReserve)
    {
        using var stub = NvmlStub.Create().Set("used_with_reserve", usedWithReserve);
        using var source = stub.Open();

        Assert.AreEqual(10 * GiB, Snapshot(source.Read()).Readings[0].VramUsedBytes);
    }

    [TestMethod]
    public void Read_MemoryV2Refused_FallsBackToV1()
    {
        using var stub = NvmlStub.Create().Set("nvmlDeviceGetMemoryInfo_v2", 25);
        using var source = stub.Open();
        var gpu = Snapshot(source.Read()).Readings[0];

        Assert.AreEqual(11 * GiB, gpu.VramUsedBytes);
        AssertWhole(gpu);
    }

    [TestMethod]
    public void Read_OldLibrary_UsesV1MemoryAndNamesWhatIsAbsent()
    {
        using var stub = NvmlStub.Create("OLD");
        using var source = stub.Open();
        var gpu = Snapshot(source.Read()).Readings[0];

        Assert.AreEqual(11 * GiB, gpu.VramUsedBytes);
        Assert.IsFalse(gpu.MigEnabled);
        Assert.IsNull(gpu.PowerLimitWatts);
        Assert.AreEqual("this NVML has no nvmlDeviceGetEnforcedPowerLimit", gpu.Missing[nameof(GpuReading.PowerLimitWatts)]);
    }

    [TestMethod]
    public void Read_NewLibrary_FindsThrottleReasonsUnderTheirNewName()
    {
        using var stub = NvmlStub.Create("NEW");
        using var source = stub.Open();

        Assert.AreEqual(GpuThrottleReasons.SwThermalSlowdown, Snapshot(source.Read()).Readings[0].ThrottleReasons);
    }

    [TestMethod]
    public void Read_NoGpus_IsAnEmptySnapshot()
    {
        using var stub = NvmlStub.Create().Set("count", 0);
        using var source = stub.Open();

        Assert.IsEmpty(Snapshot(source.Read()).Readings);
    }

    [TestMethod]
    public void ProfileName_KnownBoards_MatchesNvidiasTable()
    {
        // (board MiB, slice MiB, GPU slices, compute slices, name) as nvidia-smi lists them.
        (long Board, ulong Slice, uint Gi, uint Ci, string Name)[] table =
        [
            (40536, 4864, 1, 1, "1g.5gb"), (40536, 20096, 3, 3, "3g.20gb"), (40536, 40192, 7, 7, "7g.40gb"),
            (81559, 9984, 1, 1, "1g.10gb"), (81559, 20096, 1, 1, "1g.20gb"), (81559, 40448, 3, 2, "2c.3g.40gb"),
            (143771, 16384, 1, 1, "1g.18gb"), (143771, 71424, 4, 4, "4g.71gb"), (24258, 5952, 1, 1, "1g.6gb"),
        ];
        foreach (var (board, slice, gi, ci, name) in table)
        {
            var attributes = new NvmlDeviceAttributes { MemorySizeMb = slice, GpuInstanceSliceCount = gi, ComputeInstanceSliceCount = ci };
            Assert.AreEqual(name, NvmlMigReader.ProfileName(attributes, board * MiB));
        }
    }

    internal static GpuSnapshot Snapshot(GpuSourceResult result) =>
        result is GpuSourceResult.Available available
            ? available.Snapshot
            : throw new AssertFailedException(result.ToString());

    /// <summary>Nothing is missing but what NVML has no counter for.</summary>
    internal static void AssertWhole(GpuReading gpu) =>
        CollectionAssert.AreEqual(NotFromNvml, gpu.Missing.Keys.Order(StringComparer.Ordinal).ToArray(), string.Join("; ", gpu.Missing));

    internal static void AssertEveryNullHasAReason(GpuReading gpu)
    {
        foreach (var property in typeof(GpuReading).GetProperties())
            Assert.AreEqual(property.GetValue(gpu) is null, gpu.Missing.ContainsKey(property.Name), property.Name);
    }
}
