namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>Reads the health of the device memory: its temperature, retired pages and remapped rows.</summary>
internal static class NvmlHealthReader
{
    public static GpuReading ReadInto(NvmlApi api, nint device, GpuReading reading, NvmlFieldLog log)
    {
        var values = NvmlFieldValues.Read(
            api, device, 0, NvmlField.MemoryTemperature, NvmlField.RetiredSingleBit, NvmlField.RetiredDoubleBit, NvmlField.RetiredPending);
        reading = reading with
        {
            MemoryTemperatureCelsius = values.Whole(NvmlField.MemoryTemperature, nameof(GpuReading.MemoryTemperatureCelsius), log),
            RetiredPagesSingleBit = values.Whole(NvmlField.RetiredSingleBit, nameof(GpuReading.RetiredPagesSingleBit), log),
            RetiredPagesDoubleBit = values.Whole(NvmlField.RetiredDoubleBit, nameof(GpuReading.RetiredPagesDoubleBit), log),
            RetiredPagesPending = values.Whole(NvmlField.RetiredPending, nameof(GpuReading.RetiredPagesPending), log) is { } waiting ? waiting != 0 : null,
        };
        var code = api.RemappedRows(device, out var correctable, out var uncorrectable, out var pending, out var failed);
        return log.Ok(
            code,
            "nvmlDeviceGetRemappedRows",
            nameof(GpuReading.RemappedRowsCorrectable),
            nameof(GpuReading.RemappedRowsUncorrectable),
            nameof(GpuReading.RemappedRowsPending),
            nameof(GpuReading.RemappedRowsFailed))
            ? reading with
            {
                RemappedRowsCorrectable = correctable,
                RemappedRowsUncorrectable = uncorrectable,
                RemappedRowsPending = pending,
                RemappedRowsFailed = failed,
            }
            : reading;
    }
}
