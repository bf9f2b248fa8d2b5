namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Reads every field of one GPU; a field that fails is noted and never stops the others, a lost GPU does.</summary>
internal static class NvmlDeviceReader
{
    private const double PerCent = 100;
    private const double MilliwattsPerWatt = 1000;

    public static GpuReading Read(NvmlApi api, nint device, int index, (int Xid, long Errors)? xids, NvmlTopology topology, NvmlFieldLog log)
    {
        var reading = ReadIdentity(api, device, new GpuReading { Index = index, LastXid = xids?.Xid, XidErrors = xids?.Errors }, log);
        reading = topology.ReadInto(device, reading, log);
        // Each further call on a lost GPU can block for seconds, so the first sign of the loss ends the reading.
        Func<NvmlApi, nint, GpuReading, NvmlFieldLog, GpuReading>[] steps =
            [
                ReadMemory, ReadLoad, ReadPowerAndClocks, ReadEcc, ReadState, NvmlHealthReader.ReadInto, NvmlLinkReader.ReadInto, NvmlMigReader.ReadInto,
                NvmlProcessReader.ReadInto,
            ];
        foreach (var step in steps)
        {
            if (log.GpuLost || log.SessionLost)
                break;
            reading = step(api, device, reading, log);
        }
        if (log.GpuLost || log.SessionLost)
            log.Absent(log.GpuLost ? "the GPU is lost" : "NVML lost its session", UnreadFields.Of(reading));
        else
            log.Absent("NVML has no such counter", UnreadFields.Of(reading));
        return reading with { Lost = log.GpuLost, Missing = log.ToMissing() };
    }

    private static unsafe GpuReading ReadIdentity(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        if (log.Ok(api.DeviceText("nvmlDeviceGetName", device, out var name), "nvmlDeviceGetName", nameof(GpuReading.Name)))
            reading = reading with { Name = name };
        if (log.Ok(api.DeviceText("nvmlDeviceGetUUID", device, out var uuid), "nvmlDeviceGetUUID", nameof(GpuReading.Uuid)))
            reading = reading with { Uuid = uuid };
        var pci = default(NvmlPciInfo);
        if (log.Ok(api.Device("nvmlDeviceGetPciInfo_v3", device, ref pci), "nvmlDeviceGetPciInfo_v3", nameof(GpuReading.PciBusId)))
            reading = reading with { PciBusId = NvmlApi.Text(new ReadOnlySpan<byte>(pci.BusId, NvmlPciInfo.BusIdLength)) };
        return reading;
    }

    private static GpuReading ReadMemory(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        var v2 = new NvmlMemoryV2 { Version = NvmlMemoryV2.ExpectedVersion };
        if (api.Device("nvmlDeviceGetMemoryInfo_v2", device, ref v2) == NvmlReturn.Success)
        {
            // Headers disagree on whether v2's "used" holds the driver's reserve; total - free - reserved does not depend on it.
            var held = v2.Total - v2.Free - v2.Reserved;
            return reading with { VramTotalBytes = (long)v2.Total, VramUsedBytes = (long)held };
        }
        var v1 = default(NvmlMemory);
        return log.Ok(api.Device("nvmlDeviceGetMemoryInfo", device, ref v1), "nvmlDeviceGetMemoryInfo", nameof(GpuReading.VramTotalBytes), nameof(GpuReading.VramUsedBytes))
            ? reading with { VramTotalBytes = (long)v1.Total, VramUsedBytes = (long)v1.Used }
            : reading;
    }

    private static GpuReading ReadLoad(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        var utilisation = default(NvmlUtilization);
        if (log.Ok(api.Device("nvmlDeviceGetUtilizationRates", device, ref utilisation), "nvmlDeviceGetUtilizationRates", nameof(GpuReading.SmUtilization), nameof(GpuReading.MemoryUtilization)))
            reading = reading with { SmUtilization = utilisation.Gpu / PerCent, MemoryUtilization = utilisation.Memory / PerCent };
        const uint CoreSensor = 0; // NVML_TEMPERATURE_GPU
        if (log.Ok(api.Device("nvmlDeviceGetTemperature", device, CoreSensor, out uint celsius), "nvmlDeviceGetTemperature", nameof(GpuReading.TemperatureCelsius)))
            reading = reading with { TemperatureCelsius = celsius };
        return reading;
    }

    private static GpuReading ReadPowerAndClocks(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        uint milliwatts = 0;
        if (log.Ok(api.Device("nvmlDeviceGetPowerUsage", device, ref milliwatts), "nvmlDeviceGetPowerUsage", nameof(GpuReading.PowerWatts)))
            reading = reading with { PowerWatts = milliwatts / MilliwattsPerWatt };
        if (log.Ok(api.Device("nvmlDeviceGetEnforcedPowerLimit", device, ref milliwatts), "nvmlDeviceGetEnforcedPowerLimit", nameof(GpuReading.PowerLimitWatts)))
            reading = reading with { PowerLimitWatts = milliwatts / MilliwattsPerWatt };
        if (log.Ok(api.Device("nvmlDeviceGetClockInfo", device, (uint)NvmlClock.Sm, out uint mhz), "nvmlDeviceGetClockInfo", nameof(GpuReading.SmClockMhz)))
            reading = reading with { SmClockMhz = (int)mhz };
        if (log.Ok(api.Device("nvmlDeviceGetClockInfo", device, (uint)NvmlClock.Memory, out mhz), "nvmlDeviceGetClockInfo", nameof(GpuReading.MemoryClockMhz)))
            reading = reading with { MemoryClockMhz = (int)mhz };
        return reading;
    }

    private static GpuReading ReadEcc(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log) => reading with
    {
        EccCorrectedVolatile = Ecc(api, device, NvmlEccError.Corrected, NvmlEccCounter.Volatile, nameof(GpuReading.EccCorrectedVolatile), log),
        EccUncorrectedVolatile = Ecc(api, device, NvmlEccError.Uncorrected, NvmlEccCounter.Volatile, nameof(GpuReading.EccUncorrectedVolatile), log),
        EccCorrectedAggregate = Ecc(api, device, NvmlEccError.Corrected, NvmlEccCounter.Aggregate, nameof(GpuReading.EccCorrectedAggregate), log),
        EccUncorrectedAggregate = Ecc(api, device, NvmlEccError.Uncorrected, NvmlEccCounter.Aggregate, nameof(GpuReading.EccUncorrectedAggregate), log),
    };

    private static long? Ecc(NvmlApi api, nint device, NvmlEccError error, NvmlEccCounter counter, string field, NvmlFieldLog log) =>
        log.Ok(api.TotalEccErrors(device, error, counter, out var count), "nvmlDeviceGetTotalEccErrors", field) ? (long)count : null;

    private static GpuReading ReadState(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        // Driver 535 renamed "throttle" to "event" and kept the old export; drivers to come may drop it.
        ulong reasons = 0;
        var function = "nvmlDeviceGetCurrentClocksThrottleReasons";
        var code = api.Device(function, device, ref reasons);
        if (code is NvmlReturn.ExportMissing or NvmlReturn.FunctionNotFound)
        {
            function = "nvmlDeviceGetCurrentClocksEventReasons";
            code = api.Device(function, device, ref reasons);
        }
        if (log.Ok(code, function, nameof(GpuReading.ThrottleReasons)))
            reading = reading with { ThrottleReasons = (GpuThrottleReasons)reasons };
        uint value = 0;
        if (log.Ok(api.Device("nvmlDeviceGetPersistenceMode", device, ref value), "nvmlDeviceGetPersistenceMode", nameof(GpuReading.PersistenceMode)))
            reading = reading with { PersistenceMode = value != 0 };
        if (!log.Ok(api.Device("nvmlDeviceGetPerformanceState", device, ref value), "nvmlDeviceGetPerformanceState", nameof(GpuReading.PerformanceState)))
            return reading;
        const uint SlowestState = 15; // above it is NVML_PSTATE_UNKNOWN (32)
        if (value <= SlowestState)
            return reading with { PerformanceState = (int)value };
        log.Absent("the driver reports an unknown performance state", nameof(GpuReading.PerformanceState));
        return reading;
    }
}
