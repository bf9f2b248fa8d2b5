using InferMesh.Adapters.Gpu.Tools;

namespace InferMesh.Adapters.Gpu.NvidiaSmi;

/// <summary>Reads one GPU of a document. Names of elements changed with the drivers: paths are listed from the newest.</summary>
internal static class NvidiaSmiReading
{
    private const string Otherwise = "nvidia-smi -q does not report it";
    private const int SlowestState = 15;

    public static GpuReading Of(NvidiaSmiNode gpu, int index)
    {
        var read = new ToolFieldReader(path => gpu.At(path)?.Text);
        var mig = MigEnabled(gpu, read);
        var reading = new GpuReading
        {
            Index = index,
            Uuid = read.Text(nameof(GpuReading.Uuid), "uuid"),
            Name = read.Text(nameof(GpuReading.Name), "product_name"),
            PciBusId = read.Text(nameof(GpuReading.PciBusId), "pci/pci_bus_id") ?? (gpu.Id is { Length: > 0 } id ? id : null),
            VramTotalBytes = read.Bytes(nameof(GpuReading.VramTotalBytes), MeasuredText.Memory, "fb_memory_usage/total"),
            VramUsedBytes = read.Bytes(nameof(GpuReading.VramUsedBytes), MeasuredText.Memory, "fb_memory_usage/used"),
            SmUtilization = read.Share(nameof(GpuReading.SmUtilization), "utilization/gpu_util"),
            MemoryUtilization = read.Share(nameof(GpuReading.MemoryUtilization), "utilization/memory_util"),
            TemperatureCelsius = read.Celsius(nameof(GpuReading.TemperatureCelsius), "temperature/gpu_temp"),
            MemoryTemperatureCelsius = read.Celsius(nameof(GpuReading.MemoryTemperatureCelsius), "temperature/memory_temp"),
            PowerWatts = read.Watts(
                nameof(GpuReading.PowerWatts),
                "gpu_power_readings/average_power_draw", "gpu_power_readings/instant_power_draw", "gpu_power_readings/power_draw", "power_readings/power_draw"),
            PowerLimitWatts = read.Watts(
                nameof(GpuReading.PowerLimitWatts), "gpu_power_readings/current_power_limit", "power_readings/enforced_power_limit", "power_readings/power_limit"),
            SmClockMhz = read.Mhz(nameof(GpuReading.SmClockMhz), "clocks/sm_clock"),
            MemoryClockMhz = read.Mhz(nameof(GpuReading.MemoryClockMhz), "clocks/mem_clock"),
            ThrottleReasons = Throttle(gpu, read),
            PersistenceMode = read.Flag(nameof(GpuReading.PersistenceMode), "persistence_mode"),
            PerformanceState = PerformanceState(gpu, read),
            MigEnabled = mig,
            MigInstances = mig is null ? null : [.. gpu.At("mig_devices")?.All("mig_device").Select(Slice) ?? []],
            Processes = NvidiaSmiProcesses.Of(gpu, read),
            PcieTxBytesPerSecond = read.BytesPerSecond(nameof(GpuReading.PcieTxBytesPerSecond), "pci/tx_util"),
            PcieRxBytesPerSecond = read.BytesPerSecond(nameof(GpuReading.PcieRxBytesPerSecond), "pci/rx_util"),
            PcieReplays = read.Count(nameof(GpuReading.PcieReplays), "pci/replay_counter"),
            Lost = IsLost(gpu),
        };
        reading = Health(reading, gpu, read);
        return reading with { Missing = UnreadFields.Reasons(reading, read.Missing, Otherwise) };
    }

    private static GpuReading Health(GpuReading reading, NvidiaSmiNode gpu, ToolFieldReader read) => reading with
    {
        EccCorrectedVolatile = NvidiaSmiEcc.Corrected(gpu, read, nameof(GpuReading.EccCorrectedVolatile), "volatile"),
        EccUncorrectedVolatile = NvidiaSmiEcc.Uncorrected(gpu, read, nameof(GpuReading.EccUncorrectedVolatile), "volatile"),
        EccCorrectedAggregate = NvidiaSmiEcc.Corrected(gpu, read, nameof(GpuReading.EccCorrectedAggregate), "aggregate"),
        EccUncorrectedAggregate = NvidiaSmiEcc.Uncorrected(gpu, read, nameof(GpuReading.EccUncorrectedAggregate), "aggregate"),
        RetiredPagesSingleBit = read.Count(nameof(GpuReading.RetiredPagesSingleBit), "retired_pages/multiple_single_bit_retirement/retired_count"),
        RetiredPagesDoubleBit = read.Count(nameof(GpuReading.RetiredPagesDoubleBit), "retired_pages/double_bit_retirement/retired_count"),
        RetiredPagesPending = read.Flag(nameof(GpuReading.RetiredPagesPending), "retired_pages/pending_retirement", "retired_pages/pending_blacklist"),
        RemappedRowsCorrectable = read.Count(nameof(GpuReading.RemappedRowsCorrectable), "remapped_rows/remapped_row_corr"),
        RemappedRowsUncorrectable = read.Count(nameof(GpuReading.RemappedRowsUncorrectable), "remapped_rows/remapped_row_unc"),
        RemappedRowsPending = read.Flag(nameof(GpuReading.RemappedRowsPending), "remapped_rows/remapped_row_pending"),
        RemappedRowsFailed = read.Flag(nameof(GpuReading.RemappedRowsFailed), "remapped_rows/remapped_row_failure"),
    };

    private static GpuThrottleReasons? Throttle(NvidiaSmiNode gpu, ToolFieldReader read)
    {
        const string Field = nameof(GpuReading.ThrottleReasons);
        // Driver 535 renamed "throttle" to "event".
        var (group, prefix) = gpu.At("clocks_event_reasons") is { } events
            ? (events, "clocks_event_reason_")
            : (gpu.At("clocks_throttle_reasons"), "clocks_throttle_reason_");
        if (group is null)
        {
            read.Missing.Add(Field, "clocks_event_reasons is not in the output");
            return null;
        }
        var reasons = GpuThrottleReasons.None;
        var known = 0;
        foreach (var child in group.Children)
        {
            if (!child.Name.StartsWith(prefix, StringComparison.Ordinal) || Reason(child.Name[prefix.Length..]) is not { } reason)
                continue; // a counter, or a reason that has no bit here
            if (ToolFieldReader.Word(child.Text) is not { } active)
            {
                read.Note(Field, child.Name, child.Text);
                return null;
            }
            known++;
            reasons |= active ? reason : GpuThrottleReasons.None;
        }
        if (known > 0)
            return reasons;
        read.Note(Field, group.Name, group.Text);
        return null;
    }

    private static GpuThrottleReasons? Reason(string name) => name switch
    {
        "gpu_idle" => GpuThrottleReasons.GpuIdle,
        "applications_clocks_setting" => GpuThrottleReasons.ApplicationsClocksSetting,
        "sw_power_cap" => GpuThrottleReasons.SwPowerCap,
        "hw_slowdown" => GpuThrottleReasons.HwSlowdown,
        "sync_boost" => GpuThrottleReasons.SyncBoost,
        "sw_thermal_slowdown" => GpuThrottleReasons.SwThermalSlowdown,
        "hw_thermal_slowdown" => GpuThrottleReasons.HwThermalSlowdown,
        "hw_power_brake_slowdown" => GpuThrottleReasons.HwPowerBrakeSlowdown,
        "display_clocks_setting" => GpuThrottleReasons.DisplayClockSetting,
        _ => null,
    };

    private static int? PerformanceState(NvidiaSmiNode gpu, ToolFieldReader read)
    {
        const string Path = "performance_state";
        var text = gpu.At(Path)?.Text ?? "";
        if (text is ['P', .. var digits] && int.TryParse(digits, out var state) && state is >= 0 and <= SlowestState)
            return state;
        read.Note(nameof(GpuReading.PerformanceState), Path, text);
        return null;
    }

    /// <summary>A GPU or driver without MIG is a GPU that is not cut: that is known, not missing.</summary>
    private static bool? MigEnabled(NvidiaSmiNode gpu, ToolFieldReader read)
    {
        const string Path = "mig_mode/current_mig";
        if (gpu.At(Path)?.Text is not { } mode || mode is "N/A" or "[N/A]" or "Not Supported" or "[Not Supported]")
            return false;
        if (ToolFieldReader.Word(mode) is { } enabled)
            return enabled;
        read.Note(nameof(GpuReading.MigEnabled), Path, mode);
        read.Note(nameof(GpuReading.MigInstances), Path, mode);
        return null;
    }

    private static GpuMigInstance Slice(NvidiaSmiNode node)
    {
        var read = new ToolFieldReader(path => node.At(path)?.Text);
        var slice = new GpuMigInstance
        {
            VramTotalBytes = read.Bytes(nameof(GpuMigInstance.VramTotalBytes), MeasuredText.Memory, "fb_memory_usage/total"),
            VramUsedBytes = read.Bytes(nameof(GpuMigInstance.VramUsedBytes), MeasuredText.Memory, "fb_memory_usage/used"),
            GpuInstanceId = Id(read, nameof(GpuMigInstance.GpuInstanceId), "gpu_instance_id"),
            ComputeInstanceId = Id(read, nameof(GpuMigInstance.ComputeInstanceId), "compute_instance_id"),
        };
        return slice with { Missing = UnreadFields.Reasons(slice, read.Missing, Otherwise) };
    }

    private static int? Id(ToolFieldReader read, string field, string path) => (int?)read.Number(field, MeasuredText.Count, 0, ushort.MaxValue, path);

    private static bool IsLost(NvidiaSmiNode gpu)
    {
        var open = new Stack<NvidiaSmiNode>([gpu]);
        while (open.TryPop(out var node))
        {
            if (node.Text.Contains("GPU is lost", StringComparison.OrdinalIgnoreCase))
                return true;
            foreach (var child in node.Children)
                open.Push(child);
        }
        return false;
    }
}
