using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>Readings on the wire. What is unknown stays absent.</summary>
internal static class ReportMapping
{
    /// <summary>The wire says GB and means 2^30 bytes, as GPUs are sold.</summary>
    private const double BytesPerGb = 1L << 30;

    /// <summary>The most that a report may say; older than this is as good as silent.</summary>
    private const double MaxAgeMs = 3_600_000;
    private const double MsPerSecond = 1000;

    public static NodeReport ToReport(string nodeId, long epoch, long sequence, NodeReading reading, double? rttMs, TimeProvider time)
    {
        var report = new NodeReport { NodeId = nodeId, Epoch = epoch, Sequence = sequence };
        if (reading.Gpus is { } gpus)
        {
            report.Gpus = new GpuBatch();
            report.Gpus.Gpus.AddRange(gpus.Gpus.Select(gpu => ToGpu(nodeId, gpu)));
        }

        if (reading.Runtimes is { } runtimes)
        {
            report.Runtimes = new RuntimeBatch();
            report.Runtimes.Runtimes.AddRange(runtimes.Runtimes.Select(runtime => ToRuntime(nodeId, runtime)));
        }

        report.Network = NetworkMapping.ToNetwork(reading.Links);
        report.Storage = NetworkMapping.ToStorage(reading.Storage, time);
        if (rttMs is { } rtt)
            report.RttMs = rtt;
        // Last, so that the mapping's own time counts as age too.
        report.AgeMs = Math.Min(reading.Age(time).TotalMilliseconds, MaxAgeMs);
        return report;
    }

    private static GpuState ToGpu(string nodeId, GpuEntry gpu)
    {
        var state = new GpuState { GpuUuid = gpu.Uuid, Node = nodeId, Name = gpu.Name, MigProfile = gpu.MigProfile, Lost = gpu.Lost };
        SetShare(gpu.SmUtilization, value => state.SmUtilization = value);
        SetShare(gpu.MemoryUtilization, value => state.MemoryUtilization = value);
        Set(gpu.VramUsedBytes / BytesPerGb, value => state.VramUsedGb = value);
        Set(gpu.VramTotalBytes / BytesPerGb, value => state.VramTotalGb = value);
        if (gpu.TemperatureCelsius is { } celsius && double.IsFinite(celsius))
            state.TemperatureC = celsius;
        Set(gpu.PowerWatts, value => state.PowerWatts = value);
        if (gpu.EccUncorrectedErrors is { } errors)
            state.EccErrors = errors;
        if (gpu.Throttled is { } throttled)
            state.Throttled = throttled;
        SetHealth(state, gpu);
        return state;
    }

    private static void SetHealth(GpuState state, GpuEntry gpu)
    {
        if (gpu.LastXid is { } xid)
            state.LastXid = xid;
        if (gpu.XidErrors is { } xids)
            state.XidErrors = xids;
        if (gpu.EccCorrectedErrors is { } corrected)
            state.EccCorrectedErrors = corrected;
        if (gpu.MemoryRepairPending is { } pending)
            state.MemoryRepairPending = pending;
        if (gpu.MemoryRepairFailed is { } failed)
            state.MemoryRepairFailed = failed;
        if (gpu.ThermalThrottled is { } hot)
            state.ThermalThrottled = hot;
        if (gpu.NvLinkActiveLinks is { } links)
            state.NvlinkActiveLinks = links;
        if (gpu.NvLinkErrors is { } linkErrors)
            state.NvlinkErrors = linkErrors;
        Set(gpu.NvLinkBytesPerSecond, value => state.NvlinkBytesPerSecond = value);
        if (gpu.PcieReplays is { } replays)
            state.PcieReplays = replays;
        Set(gpu.PcieTxBytesPerSecond, value => state.PcieTxBytesPerSecond = value);
        Set(gpu.PcieRxBytesPerSecond, value => state.PcieRxBytesPerSecond = value);
    }

    private static RuntimeState ToRuntime(string nodeId, RuntimeEntry runtime)
    {
        var target = runtime.Target;
        var state = new RuntimeState { Runtime = target.Kind, Endpoint = target.Endpoint, Healthy = runtime.Healthy, Error = runtime.Error, Gpu = target.Gpu };
        Set(target.PricePerHour, value => state.PricePerHour = value);
        state.Models.AddRange(runtime.Models.Select(model => ToModel(nodeId, target, runtime, model)));
        return state;
    }

    private static ModelState ToModel(string nodeId, RuntimeTarget target, RuntimeEntry runtime, ModelReading model)
    {
        var state = new ModelState
        {
            Labels = new ModelLabels { Model = model.Model, Revision = model.Revision ?? "", Runtime = target.Kind, Node = nodeId },
            Loaded = model.Loaded,
        };
        Set(model.Running, value => state.Running = value);
        Set(model.Waiting, value => state.QueueDepth = value);
        SetShare(model.KvCacheUsage, value => state.KvCacheUsage = value);
        Set(model.PromptTokensPerSecond, value => state.PromptTokensPerSecond = value);
        Set(model.GenerationTokensPerSecond, value => state.ServiceRate = value);
        Set(model.Ttft?.MeanSeconds * MsPerSecond, value => state.TtftMeanMs = value);
        Set(model.Ttft?.P95Seconds * MsPerSecond, value => state.TtftP95Ms = value);
        Set(model.Tpot?.MeanSeconds * MsPerSecond, value => state.TpotMeanMs = value);
        Set(model.E2E?.P95Seconds * MsPerSecond, value => state.P95LatencyMs = value);
        SetShare(model.PrefixCacheHitRate, value => state.PrefixCacheHitRate = value);
        SetCapacity(state, target.Capacity, model);
        state.LoraAdapters.AddRange(LoraAdapters.Of(model, runtime.Models));
        return state;
    }

    private static void SetCapacity(ModelState state, RuntimeCapacity capacity, ModelReading model)
    {
        Set(capacity.MaxConcurrency, value => state.MaxConcurrency = value);
        Set(capacity.PrefillTokensPerSecond, value => state.PrefillCapacityTokensPerSecond = value);
        Set(capacity.DecodeTokensPerSecond, value => state.DecodeCapacityTokensPerSecond = value);
        Set(capacity.MinSecondsPerToken, value => state.MinSecondsPerToken = value);
        SetShare(model.Running / capacity.MaxConcurrency, value => state.BatchFullness = value);
    }

    /// <summary>Sets an amount that is known: a histogram without a sum has a mean that is none, and a broken page may say anything.</summary>
    internal static void Set(double? value, Action<double> set)
    {
        if (value is { } known && double.IsFinite(known) && known >= 0)
            set(known);
    }

    /// <summary>Sets a share; rounding may put it just beyond the whole.</summary>
    private static void SetShare(double? value, Action<double> set) => Set(value, known => set(Math.Min(known, 1)));
}
