using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Silo.Probes;

/// <summary>Readings as the grains take them. What is unknown stays null.</summary>
internal static class TelemetryMapping
{
    public static NodeTelemetry ToTelemetry(string nodeId, long epoch, long sequence, NodeReading reading, TimeProvider time) => new()
    {
        NodeId = nodeId,
        Epoch = epoch,
        Sequence = sequence,
        SampledAt = time.GetUtcNow() - reading.Age(time),
        Gpus = reading.Gpus?.Gpus.Select(ToSample).ToArray(),
        Runtimes = reading.Runtimes?.Runtimes.Select(ToSample).ToArray(),
    };

    private static GpuSample ToSample(GpuEntry gpu) => new()
    {
        GpuUuid = gpu.Uuid,
        Name = gpu.Name,
        MigProfile = gpu.MigProfile,
        SmUtilization = Known(gpu.SmUtilization),
        MemoryUtilization = Known(gpu.MemoryUtilization),
        VramUsedBytes = gpu.VramUsedBytes,
        VramTotalBytes = gpu.VramTotalBytes,
        TemperatureCelsius = Known(gpu.TemperatureCelsius),
        PowerWatts = Known(gpu.PowerWatts),
        EccUncorrectedErrors = gpu.EccUncorrectedErrors,
        Throttled = gpu.Throttled,
        Lost = gpu.Lost,
        LastXid = gpu.LastXid,
        XidErrors = gpu.XidErrors,
        EccCorrectedErrors = gpu.EccCorrectedErrors,
        MemoryRepairPending = gpu.MemoryRepairPending,
        MemoryRepairFailed = gpu.MemoryRepairFailed,
        ThermalThrottled = gpu.ThermalThrottled,
        NvLinkActiveLinks = gpu.NvLinkActiveLinks,
        NvLinkErrors = gpu.NvLinkErrors,
        NvLinkBytesPerSecond = Known(gpu.NvLinkBytesPerSecond),
        PcieReplays = gpu.PcieReplays,
        PcieTxBytesPerSecond = Known(gpu.PcieTxBytesPerSecond),
        PcieRxBytesPerSecond = Known(gpu.PcieRxBytesPerSecond),
    };

    private static RuntimeSample ToSample(RuntimeEntry runtime) => new()
    {
        Runtime = runtime.Target.Kind,
        Endpoint = runtime.Target.Endpoint,
        Healthy = runtime.Healthy,
        Error = runtime.Error,
        Gpu = runtime.Target.Gpu,
        PricePerHour = Known(runtime.Target.PricePerHour),
        Models = [.. runtime.Models.Select(model => ToSample(runtime, model))],
    };

    private static ModelSample ToSample(RuntimeEntry runtime, ModelReading model) => new()
    {
        Model = model.Model,
        Revision = model.Revision ?? "",
        Running = model.Running,
        Waiting = model.Waiting,
        KvCacheUsage = Known(model.KvCacheUsage),
        PromptTokensPerSecond = Known(model.PromptTokensPerSecond),
        GenerationTokensPerSecond = Known(model.GenerationTokensPerSecond),
        TtftSeconds = Known(model.Ttft?.MeanSeconds),
        TtftP95Seconds = Known(model.Ttft?.P95Seconds),
        TpotSeconds = Known(model.Tpot?.MeanSeconds),
        E2eP95Seconds = Known(model.E2E?.P95Seconds),
        PrefixCacheHitRate = Known(model.PrefixCacheHitRate),
        Loaded = model.Loaded,
        MaxConcurrency = runtime.Target.Capacity.MaxConcurrency,
        PrefillCapacityTokensPerSecond = runtime.Target.Capacity.PrefillTokensPerSecond,
        DecodeCapacityTokensPerSecond = runtime.Target.Capacity.DecodeTokensPerSecond,
        MinSecondsPerToken = runtime.Target.Capacity.MinSecondsPerToken,
        LoraAdapters = LoraAdapters.Of(model, runtime.Models),
    };

    /// <summary>A histogram without a sum has a mean that is no number.</summary>
    private static double? Known(double? value) => value is { } known && double.IsFinite(known) ? known : null;
}
