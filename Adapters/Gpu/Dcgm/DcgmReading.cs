namespace InferMesh.Adapters.Gpu.Dcgm;

/// <summary>Reads one GPU of a page.</summary>
internal static class DcgmReading
{
    private const double SlowestState = 15; // above it is "unknown"

    public static GpuReading Of(DcgmGpu gpu, int index, string otherwise)
    {
        var read = new DcgmFieldReader(gpu.Value);
        var reading = new GpuReading
        {
            Index = index,
            Uuid = DcgmPage.Text(gpu.Labels["UUID"]),
            Name = DcgmPage.Text(gpu.Labels["modelName"]),
            PciBusId = DcgmPage.Text(gpu.Labels["pci_bus_id"]),
            VramTotalBytes = VramTotal(read, nameof(GpuReading.VramTotalBytes)),
            VramUsedBytes = Vram(read, nameof(GpuReading.VramUsedBytes), "DCGM_FI_DEV_FB_USED"),
            // With MIG the driver gives no utilisation in per cent; the graphics engine's share means the same.
            SmUtilization = read.Share(nameof(GpuReading.SmUtilization), GpuUnits.PerCent, "DCGM_FI_DEV_GPU_UTIL")
                ?? read.Share(nameof(GpuReading.SmUtilization), 1, "DCGM_FI_PROF_GR_ENGINE_ACTIVE"),
            MemoryUtilization = read.Share(nameof(GpuReading.MemoryUtilization), GpuUnits.PerCent, "DCGM_FI_DEV_MEM_COPY_UTIL"),
            SmActive = read.Share(nameof(GpuReading.SmActive), 1, "DCGM_FI_PROF_SM_ACTIVE"),
            TensorActive = read.Share(nameof(GpuReading.TensorActive), 1, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"),
            DramActive = read.Share(nameof(GpuReading.DramActive), 1, "DCGM_FI_PROF_DRAM_ACTIVE"),
            TemperatureCelsius = read.Number(nameof(GpuReading.TemperatureCelsius), 1, -GpuUnits.MaxCelsius, GpuUnits.MaxCelsius, "DCGM_FI_DEV_GPU_TEMP"),
            MemoryTemperatureCelsius = MemoryTemperature(read),
            PowerWatts = read.Number(nameof(GpuReading.PowerWatts), 1, 0, GpuUnits.MaxWatts, "DCGM_FI_DEV_POWER_USAGE"),
            PowerLimitWatts = read.Number(nameof(GpuReading.PowerLimitWatts), 1, 0, GpuUnits.MaxWatts, "DCGM_FI_DEV_ENFORCED_POWER_LIMIT", "DCGM_FI_DEV_POWER_MGMT_LIMIT"),
            SmClockMhz = (int?)read.Count(nameof(GpuReading.SmClockMhz), 1, GpuUnits.MaxMhz, "DCGM_FI_DEV_SM_CLOCK"),
            MemoryClockMhz = (int?)read.Count(nameof(GpuReading.MemoryClockMhz), 1, GpuUnits.MaxMhz, "DCGM_FI_DEV_MEM_CLOCK"),
            ThrottleReasons = (GpuThrottleReasons?)read.Count(
                nameof(GpuReading.ThrottleReasons), 1, GpuUnits.MaxCount, "DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS"),
            PersistenceMode = read.Flag(nameof(GpuReading.PersistenceMode), "DCGM_FI_DEV_PERSISTENCE_MODE"),
            PerformanceState = (int?)read.Count(nameof(GpuReading.PerformanceState), 1, SlowestState, "DCGM_FI_DEV_PSTATE"),
            MigEnabled = gpu.Slices.Count > 0 ? true : read.Flag(nameof(GpuReading.MigEnabled), "DCGM_FI_DEV_MIG_MODE"),
            MigInstances = [.. gpu.Slices.Select(Slice)],
        };
        reading = Links(Health(reading, read), read);
        return reading with { Missing = UnreadFields.Reasons(reading, read.Missing, otherwise) };
    }

    private static GpuReading Health(GpuReading reading, DcgmFieldReader read) => reading with
    {
        EccCorrectedVolatile = Counter(read, nameof(GpuReading.EccCorrectedVolatile), "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL"),
        EccUncorrectedVolatile = Counter(read, nameof(GpuReading.EccUncorrectedVolatile), "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL"),
        EccCorrectedAggregate = Counter(read, nameof(GpuReading.EccCorrectedAggregate), "DCGM_FI_DEV_ECC_SBE_AGG_TOTAL"),
        EccUncorrectedAggregate = Counter(read, nameof(GpuReading.EccUncorrectedAggregate), "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL"),
        RetiredPagesSingleBit = Counter(read, nameof(GpuReading.RetiredPagesSingleBit), "DCGM_FI_DEV_RETIRED_SBE"),
        RetiredPagesDoubleBit = Counter(read, nameof(GpuReading.RetiredPagesDoubleBit), "DCGM_FI_DEV_RETIRED_DBE"),
        RetiredPagesPending = read.Flag(nameof(GpuReading.RetiredPagesPending), "DCGM_FI_DEV_RETIRED_PENDING"),
        RemappedRowsCorrectable = Counter(read, nameof(GpuReading.RemappedRowsCorrectable), "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS"),
        RemappedRowsUncorrectable = Counter(read, nameof(GpuReading.RemappedRowsUncorrectable), "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS"),
        RemappedRowsPending = read.Flag(nameof(GpuReading.RemappedRowsPending), "DCGM_FI_DEV_ROW_REMAP_PENDING"),
        RemappedRowsFailed = read.Flag(nameof(GpuReading.RemappedRowsFailed), "DCGM_FI_DEV_ROW_REMAP_FAILURE"),
        LastXid = (int?)read.Count(nameof(GpuReading.LastXid), 1, ushort.MaxValue, DcgmGpu.XidErrors),
    };

    private static GpuReading Links(GpuReading reading, DcgmFieldReader read)
    {
        var (tx, rx) = (
            Rate(read, nameof(GpuReading.NvLinkTxBytesPerSecond), 1, "DCGM_FI_PROF_NVLINK_TX_BYTES"),
            Rate(read, nameof(GpuReading.NvLinkRxBytesPerSecond), 1, "DCGM_FI_PROF_NVLINK_RX_BYTES"));
        return reading with
        {
            PcieTxBytesPerSecond = Rate(read, nameof(GpuReading.PcieTxBytesPerSecond), 1, "DCGM_FI_PROF_PCIE_TX_BYTES"),
            PcieRxBytesPerSecond = Rate(read, nameof(GpuReading.PcieRxBytesPerSecond), 1, "DCGM_FI_PROF_PCIE_RX_BYTES"),
            PcieReplays = Counter(read, nameof(GpuReading.PcieReplays), "DCGM_FI_DEV_PCIE_REPLAY_COUNTER"),
            // Exported as a counter, but DCGM has made a rate of it: thousands of KiB per second (https://github.com/NVIDIA/dcgm-exporter/pull/658).
            NvLinkBytesPerSecond = Rate(read, nameof(GpuReading.NvLinkBytesPerSecond), GpuUnits.Kilo * GpuUnits.KiB, "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL") ?? tx + rx,
            NvLinkTxBytesPerSecond = tx,
            NvLinkRxBytesPerSecond = rx,
            NvLinkCrcErrors = read.Sum(
                nameof(GpuReading.NvLinkCrcErrors), "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL"),
            NvLinkReplayErrors = Counter(read, nameof(GpuReading.NvLinkReplayErrors), "DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL"),
            NvLinkRecoveryErrors = Counter(read, nameof(GpuReading.NvLinkRecoveryErrors), "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL"),
        };
    }

    private static GpuMigInstance Slice(DcgmSlice slice)
    {
        var read = new DcgmFieldReader(metric => slice.Values.TryGetValue(metric, out var value) ? value : null);
        var instance = new GpuMigInstance
        {
            ProfileName = DcgmPage.Text(slice.Profile),
            GpuInstanceId = slice.Id,
            VramTotalBytes = VramTotal(read, nameof(GpuMigInstance.VramTotalBytes)),
            VramUsedBytes = Vram(read, nameof(GpuMigInstance.VramUsedBytes), "DCGM_FI_DEV_FB_USED"),
        };
        return instance with { Missing = UnreadFields.Reasons(instance, read.Missing, "dcgm-exporter does not report it") };
    }

    private static long? Vram(DcgmFieldReader read, string field, string metric) => read.Count(field, GpuUnits.MiB, GpuUnits.MaxBytes, metric);

    /// <summary>Pages without the reserve leave it out of the sum: what can be used is all that they know.</summary>
    private static long? VramTotal(DcgmFieldReader read, string field)
    {
        if (Vram(read, field, "DCGM_FI_DEV_FB_TOTAL") is { } total)
            return total;
        return Vram(read, field, "DCGM_FI_DEV_FB_USED") is { } used && Vram(read, field, "DCGM_FI_DEV_FB_FREE") is { } free
            ? used + free + (Vram(read, field, "DCGM_FI_DEV_FB_RESERVED") ?? 0)
            : null;
    }

    /// <summary>GPUs whose memory has no sensor are reported with 0 °C.</summary>
    private static double? MemoryTemperature(DcgmFieldReader read)
    {
        const string Field = nameof(GpuReading.MemoryTemperatureCelsius), Metric = "DCGM_FI_DEV_MEMORY_TEMP";
        if (read.Number(Field, 1, -GpuUnits.MaxCelsius, GpuUnits.MaxCelsius, Metric) is not 0d and var celsius)
            return celsius;
        read.Missing.Add(Field, $"{Metric} is 0, as it is without a sensor");
        return null;
    }

    private static long? Counter(DcgmFieldReader read, string field, string metric) => read.Count(field, 1, GpuUnits.MaxCount, metric);

    private static double? Rate(DcgmFieldReader read, string field, double scale, string metric) => read.Number(field, scale, 0, GpuUnits.MaxBytesPerSecond, metric);
}
