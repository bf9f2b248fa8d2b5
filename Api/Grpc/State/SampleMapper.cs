using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

/// <summary>Readings between the wire and the contracts. What a message leaves out stays unknown.</summary>
internal static class SampleMapper
{
    private const double BytesPerGib = 1L << 30;
    private const double MsPerSecond = 1000;

    public static IReadOnlyList<GpuSample> ToSamples(GpuBatch batch) => [.. batch.Gpus.Select(ToSample)];

    public static IReadOnlyList<RuntimeSample> ToSamples(RuntimeBatch batch) => [.. batch.Runtimes.Select(ToSample)];

    public static GpuState ToProto(GpuSample gpu, string nodeId)
    {
        var state = new GpuState { GpuUuid = gpu.GpuUuid, Node = nodeId, Name = gpu.Name, MigProfile = gpu.MigProfile, Lost = gpu.Lost };
        if (gpu.SmUtilization is { } sm) state.SmUtilization = sm;
        if (gpu.MemoryUtilization is { } memory) state.MemoryUtilization = memory;
        if (gpu.VramUsedBytes is { } used) state.VramUsedGb = used / BytesPerGib;
        if (gpu.VramTotalBytes is { } total) state.VramTotalGb = total / BytesPerGib;
        if (gpu.TemperatureCelsius is { } temperature) state.TemperatureC = temperature;
        if (gpu.PowerWatts is { } power) state.PowerWatts = power;
        if (gpu.EccUncorrectedErrors is { } errors) state.EccErrors = errors;
        if (gpu.Throttled is { } throttled) state.Throttled = throttled;
        if (gpu.LastXid is { } xid) state.LastXid = xid;
        if (gpu.XidErrors is { } xids) state.XidErrors = xids;
        if (gpu.EccCorrectedErrors is { } corrected) state.EccCorrectedErrors = corrected;
        if (gpu.MemoryRepairPending is { } pending) state.MemoryRepairPending = pending;
        if (gpu.MemoryRepairFailed is { } failed) state.MemoryRepairFailed = failed;
        if (gpu.ThermalThrottled is { } hot) state.ThermalThrottled = hot;
        if (gpu.NvLinkActiveLinks is { } links) state.NvlinkActiveLinks = links;
        if (gpu.NvLinkErrors is { } linkErrors) state.NvlinkErrors = linkErrors;
        if (gpu.NvLinkBytesPerSecond is { } linkRate) state.NvlinkBytesPerSecond = linkRate;
        if (gpu.PcieReplays is { } replays) state.PcieReplays = replays;
        if (gpu.PcieTxBytesPerSecond is { } sent) state.PcieTxBytesPerSecond = sent;
        if (gpu.PcieRxBytesPerSecond is { } received) state.PcieRxBytesPerSecond = received;
        return state;
    }

    public static ModelState ToProto(ModelSample model, RuntimeSample runtime, string nodeId)
    {
        var state = new ModelState
        {
            Labels = new() { Model = model.Model, Revision = model.Revision, Runtime = runtime.Runtime, Node = nodeId },
            Loaded = model.Loaded,
            LoraAdapters = { model.LoraAdapters },
        };
        if (model.Waiting is { } waiting) state.QueueDepth = waiting;
        if (model.GenerationTokensPerSecond is { } rate) state.ServiceRate = rate;
        if (model.E2eP95Seconds is { } latency) state.P95LatencyMs = latency * MsPerSecond;
        if (model.Running is { } running) state.Running = running;
        if (model is { Running: { } inBatch, MaxConcurrency: > 0 and var most }) state.BatchFullness = Math.Min(1, inBatch / most);
        if (model.KvCacheUsage is { } kv) state.KvCacheUsage = kv;
        if (model.PromptTokensPerSecond is { } prompt) state.PromptTokensPerSecond = prompt;
        if (model.TtftSeconds is { } ttft) state.TtftMeanMs = ttft * MsPerSecond;
        if (model.TtftP95Seconds is { } ttftP95) state.TtftP95Ms = ttftP95 * MsPerSecond;
        if (model.TpotSeconds is { } tpot) state.TpotMeanMs = tpot * MsPerSecond;
        if (model.PrefixCacheHitRate is { } hits) state.PrefixCacheHitRate = hits;
        if (model.ColdStartSeconds is { } cold) state.ColdStartSeconds = cold;
        if (model.MaxConcurrency is { } concurrency) state.MaxConcurrency = concurrency;
        if (model.PrefillCapacityTokensPerSecond is { } prefill) state.PrefillCapacityTokensPerSecond = prefill;
        if (model.DecodeCapacityTokensPerSecond is { } decode) state.DecodeCapacityTokensPerSecond = decode;
        if (model.MinSecondsPerToken is { } perToken) state.MinSecondsPerToken = perToken;
        return state;
    }

    private static GpuSample ToSample(GpuState gpu) => new()
    {
        GpuUuid = gpu.GpuUuid,
        Name = gpu.Name,
        MigProfile = gpu.MigProfile,
        SmUtilization = gpu.HasSmUtilization ? gpu.SmUtilization : null,
        MemoryUtilization = gpu.HasMemoryUtilization ? gpu.MemoryUtilization : null,
        VramUsedBytes = gpu.HasVramUsedGb ? (long)Math.Round(gpu.VramUsedGb * BytesPerGib) : null,
        VramTotalBytes = gpu.HasVramTotalGb ? (long)Math.Round(gpu.VramTotalGb * BytesPerGib) : null,
        TemperatureCelsius = gpu.HasTemperatureC ? gpu.TemperatureC : null,
        PowerWatts = gpu.HasPowerWatts ? gpu.PowerWatts : null,
        EccUncorrectedErrors = gpu.HasEccErrors ? gpu.EccErrors : null,
        Throttled = gpu.HasThrottled ? gpu.Throttled : null,
        Lost = gpu.Lost,
        LastXid = gpu.HasLastXid ? gpu.LastXid : null,
        XidErrors = gpu.HasXidErrors ? gpu.XidErrors : null,
        EccCorrectedErrors = gpu.HasEccCorrectedErrors ? gpu.EccCorrectedErrors : null,
        MemoryRepairPending = gpu.HasMemoryRepairPending ? gpu.MemoryRepairPending : null,
        MemoryRepairFailed = gpu.HasMemoryRepairFailed ? gpu.MemoryRepairFailed : null,
        ThermalThrottled = gpu.HasThermalThrottled ? gpu.ThermalThrottled : null,
        NvLinkActiveLinks = gpu.HasNvlinkActiveLinks ? gpu.NvlinkActiveLinks : null,
        NvLinkErrors = gpu.HasNvlinkErrors ? gpu.NvlinkErrors : null,
        NvLinkBytesPerSecond = gpu.HasNvlinkBytesPerSecond ? gpu.NvlinkBytesPerSecond : null,
        PcieReplays = gpu.HasPcieReplays ? gpu.PcieReplays : null,
        PcieTxBytesPerSecond = gpu.HasPcieTxBytesPerSecond ? gpu.PcieTxBytesPerSecond : null,
        PcieRxBytesPerSecond = gpu.HasPcieRxBytesPerSecond ? gpu.PcieRxBytesPerSecond : null,
    };

    private static RuntimeSample ToSample(RuntimeState runtime) => new()
    {
        Runtime = runtime.Runtime,
        Endpoint = runtime.Endpoint,
        GrpcEndpoint = runtime.GrpcEndpoint,
        Healthy = runtime.Healthy,
        Error = runtime.Error,
        Gpu = runtime.Gpu,
        PricePerHour = runtime.HasPricePerHour ? runtime.PricePerHour : null,
        Models = [.. runtime.Models.Select(ToSample)],
    };

    private static ModelSample ToSample(ModelState model) => new()
    {
        Model = model.Labels.Model,
        Revision = model.Labels.Revision,
        Running = model.HasRunning ? model.Running : model is { HasBatchFullness: true, HasMaxConcurrency: true } ? model.BatchFullness * model.MaxConcurrency : null,
        Waiting = model.HasQueueDepth ? model.QueueDepth : null,
        KvCacheUsage = model.HasKvCacheUsage ? model.KvCacheUsage : null,
        PromptTokensPerSecond = model.HasPromptTokensPerSecond ? model.PromptTokensPerSecond : null,
        GenerationTokensPerSecond = model.HasServiceRate ? model.ServiceRate : null,
        TtftSeconds = model.HasTtftMeanMs ? model.TtftMeanMs / MsPerSecond : null,
        TtftP95Seconds = model.HasTtftP95Ms ? model.TtftP95Ms / MsPerSecond : null,
        TpotSeconds = model.HasTpotMeanMs ? model.TpotMeanMs / MsPerSecond : null,
        E2eP95Seconds = model.HasP95LatencyMs ? model.P95LatencyMs / MsPerSecond : null,
        PrefixCacheHitRate = model.HasPrefixCacheHitRate ? model.PrefixCacheHitRate : null,
        Loaded = model.HasLoaded ? model.Loaded : !model.Warming,
        ColdStartSeconds = model.HasColdStartSeconds ? model.ColdStartSeconds : null,
        MaxConcurrency = model.HasMaxConcurrency ? model.MaxConcurrency : null,
        PrefillCapacityTokensPerSecond = model.HasPrefillCapacityTokensPerSecond ? model.PrefillCapacityTokensPerSecond : null,
        DecodeCapacityTokensPerSecond = model.HasDecodeCapacityTokensPerSecond ? model.DecodeCapacityTokensPerSecond : null,
        MinSecondsPerToken = model.HasMinSecondsPerToken ? model.MinSecondsPerToken : null,
        LoraAdapters = [.. model.LoraAdapters],
    };
}
