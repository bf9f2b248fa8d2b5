using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Ingress.Runtimes;
using InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

/// <summary>Checks a batch before it enters the cluster: all errors at once, each with the path of its field.</summary>
internal static class ReportValidator
{
    private const string UnitRange = "must be from 0 to 1.";
    private const string NotNegative = "must be a finite number, 0 or more.";

    public static void Header(Violations v, string nodeId, long epoch, long sequence, double ageMs)
    {
        v.Name("node_id", nodeId);
        v.Require(epoch >= 0, "epoch", "must be 0 or more.");
        v.Require(sequence >= 0, "sequence", "must be 0 or more.");
        // A NaN fails both comparisons and so is refused as well.
        v.Require(ageMs is >= 0 and <= ReportLimits.MaxAgeMs, "age_ms", "must be from 0 to 3600000.");
    }

    public static void Rtt(Violations v, bool given, double rttMs) => v.Require(!given || rttMs is >= 0 and <= ReportLimits.MaxAgeMs, "rtt_ms", "must be from 0 to 3600000.");

    public static void Gpus(Violations v, GpuBatch batch, string nodeId)
    {
        if (batch.Gpus.Count > ReportLimits.MaxEntries)
        {
            v.Add("gpus.gpus", $"{batch.Gpus.Count} GPUs are too many: at most {ReportLimits.MaxEntries}.");
            return;
        }
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, gpu) in batch.Gpus.Index())
        {
            var at = $"gpus.gpus[{i}].";
            v.Text($"{at}gpu_uuid", gpu.GpuUuid, ReportLimits.MaxText);
            v.Require(known.Add(gpu.GpuUuid), $"{at}gpu_uuid", "appears twice in this report.");
            v.Require(gpu.Node.Length == 0 || gpu.Node == nodeId, $"{at}node", "must be the node of the report, or empty.");
            v.OptionalText($"{at}name", gpu.Name, ReportLimits.MaxText);
            v.OptionalText($"{at}mig_profile", gpu.MigProfile, ReportLimits.MaxText);
            Unit(v, $"{at}sm_utilization", gpu.HasSmUtilization, gpu.SmUtilization);
            Unit(v, $"{at}memory_utilization", gpu.HasMemoryUtilization, gpu.MemoryUtilization);
            Vram(v, $"{at}vram_used_gb", gpu.HasVramUsedGb, gpu.VramUsedGb);
            Vram(v, $"{at}vram_total_gb", gpu.HasVramTotalGb, gpu.VramTotalGb);
            v.Require(!gpu.HasTemperatureC || double.IsFinite(gpu.TemperatureC), $"{at}temperature_c", "must be a finite number.");
            Amount(v, $"{at}power_watts", gpu.HasPowerWatts, gpu.PowerWatts);
            v.Require(!gpu.HasEccErrors || gpu.EccErrors >= 0, $"{at}ecc_errors", "must be 0 or more.");
            v.Require(!gpu.HasLastXid || gpu.LastXid >= 0, $"{at}last_xid", "must be 0 or more.");
            v.Require(!gpu.HasXidErrors || gpu.XidErrors >= 0, $"{at}xid_errors", "must be 0 or more.");
            v.Require(!gpu.HasEccCorrectedErrors || gpu.EccCorrectedErrors >= 0, $"{at}ecc_corrected_errors", "must be 0 or more.");
            v.Require(!gpu.HasNvlinkActiveLinks || gpu.NvlinkActiveLinks >= 0, $"{at}nvlink_active_links", "must be 0 or more.");
            v.Require(!gpu.HasNvlinkErrors || gpu.NvlinkErrors >= 0, $"{at}nvlink_errors", "must be 0 or more.");
            Amount(v, $"{at}nvlink_bytes_per_second", gpu.HasNvlinkBytesPerSecond, gpu.NvlinkBytesPerSecond);
            v.Require(!gpu.HasPcieReplays || gpu.PcieReplays >= 0, $"{at}pcie_replays", "must be 0 or more.");
            Amount(v, $"{at}pcie_tx_bytes_per_second", gpu.HasPcieTxBytesPerSecond, gpu.PcieTxBytesPerSecond);
            Amount(v, $"{at}pcie_rx_bytes_per_second", gpu.HasPcieRxBytesPerSecond, gpu.PcieRxBytesPerSecond);
        }
    }

    public static void Runtimes(Violations v, RuntimeBatch batch, string nodeId, RuntimePolicy policy)
    {
        var models = batch.Runtimes.Sum(runtime => runtime.Models.Count);
        if (batch.Runtimes.Count > ReportLimits.MaxEntries || models > ReportLimits.MaxEntries)
        {
            v.Add("runtimes.runtimes", $"{batch.Runtimes.Count} runtimes with {models} models are too many: at most {ReportLimits.MaxEntries} of each.");
            return;
        }
        foreach (var (i, runtime) in batch.Runtimes.Index())
        {
            var at = $"runtimes.runtimes[{i}].";
            v.Text($"{at}runtime", runtime.Runtime, ReportLimits.MaxText);
            if (policy.Refusal(runtime.Endpoint) is { } refusal) v.Add($"{at}endpoint", refusal);
            if (runtime.GrpcEndpoint.Length > 0 && policy.Refusal(runtime.GrpcEndpoint) is { } grpcRefusal) v.Add($"{at}grpc_endpoint", grpcRefusal);
            v.OptionalText($"{at}gpu", runtime.Gpu, ReportLimits.MaxText);
            v.OptionalText($"{at}error", runtime.Error, 4 * ReportLimits.MaxText);
            Amount(v, $"{at}price_per_hour", runtime.HasPricePerHour, runtime.PricePerHour);
            foreach (var (j, model) in runtime.Models.Index()) Model(v, $"{at}models[{j}].", model, runtime, nodeId);
        }
    }

    public static void Coordinate(Violations v, string at, Coordinate? coordinate)
    {
        if (coordinate is null) return;
        v.Require(coordinate.Position.Count is >= 1 and <= ReportLimits.MaxDimensions, $"{at}.position", $"must have 1 to {ReportLimits.MaxDimensions} numbers.");
        v.Require(coordinate.Position.All(static x => Math.Abs(x) <= ReportLimits.MaxAgeMs), $"{at}.position", "must be from -3600000 to 3600000.");
        v.Require(coordinate.HeightMs is > 0 and <= ReportLimits.MaxAgeMs, $"{at}.height_ms", "must be above 0 and at most 3600000.");
        Unit(v, $"{at}.error", true, coordinate.Error);
    }

    public static void Network(Violations v, NetworkState network)
    {
        Coordinate(v, "network.coordinate", network.Coordinate);
        v.Require(network.Rtts.Count <= ReportLimits.MaxRtts, "network.rtts", $"{network.Rtts.Count} round trips are too many: at most {ReportLimits.MaxRtts}.");
        v.Require(network.Links.Count <= ReportLimits.MaxLinks, "network.links", $"{network.Links.Count} ports are too many: at most {ReportLimits.MaxLinks}.");
        foreach (var (i, rtt) in network.Rtts.Take(ReportLimits.MaxRtts).Index())
        {
            v.Text($"network.rtts[{i}].api", rtt.Api, ReportLimits.MaxText);
            v.Require(rtt.RttMs is > 0 and <= ReportLimits.MaxAgeMs, $"network.rtts[{i}].rtt_ms", "must be above 0 and at most 3600000.");
        }
        foreach (var (i, link) in network.Links.Take(ReportLimits.MaxLinks).Index())
        {
            var at = $"network.links[{i}].";
            v.Text($"{at}port", link.Port, ReportLimits.MaxText);
            v.OptionalText($"{at}link_layer", link.LinkLayer, ReportLimits.MaxText);
            v.OptionalText($"{at}state", link.State, ReportLimits.MaxText);
            Amount(v, $"{at}rate_bytes_per_second", link.HasRateBytesPerSecond, link.RateBytesPerSecond);
            Amount(v, $"{at}transmit_bytes_per_second", link.HasTransmitBytesPerSecond, link.TransmitBytesPerSecond);
            Amount(v, $"{at}receive_bytes_per_second", link.HasReceiveBytesPerSecond, link.ReceiveBytesPerSecond);
            Amount(v, $"{at}loss_per_second", link.HasLossPerSecond, link.LossPerSecond);
            Amount(v, $"{at}congestion_per_second", link.HasCongestionPerSecond, link.CongestionPerSecond);
        }
    }

    public static void Storage(Violations v, StorageBatch batch)
    {
        v.Require(batch.Storages.Count <= ReportLimits.MaxStorages, "storage.storages", $"{batch.Storages.Count} storages are too many: at most {ReportLimits.MaxStorages}.");
        foreach (var (i, storage) in batch.Storages.Take(ReportLimits.MaxStorages).Index())
        {
            var at = $"storage.storages[{i}].";
            v.Text($"{at}name", storage.Name, ReportLimits.MaxText);
            v.OptionalText($"{at}kind", storage.Kind, ReportLimits.MaxText);
            v.OptionalText($"{at}error", storage.Error, 4 * ReportLimits.MaxText);
            Amount(v, $"{at}latency_seconds", storage.HasLatencySeconds, storage.LatencySeconds);
            Amount(v, $"{at}write_bytes_per_second", storage.HasWriteBytesPerSecond, storage.WriteBytesPerSecond);
            Amount(v, $"{at}read_bytes_per_second", storage.HasReadBytesPerSecond, storage.ReadBytesPerSecond);
            Amount(v, $"{at}first_byte_seconds", storage.HasFirstByteSeconds, storage.FirstByteSeconds);
            v.Require(!storage.HasFreeBytes || storage.FreeBytes >= 0, $"{at}free_bytes", "must be 0 or more.");
            v.Require(!storage.HasTotalBytes || storage.TotalBytes >= 0, $"{at}total_bytes", "must be 0 or more.");
            v.Require(storage.AgeMs is >= 0 and <= ReportLimits.MaxStorageAgeMs, $"{at}age_ms", "must be from 0 to 86400000.");
        }
    }

    private static void Model(Violations v, string at, ModelState model, RuntimeState runtime, string nodeId)
    {
        var labels = model.Labels ?? new ModelLabels();
        v.Text($"{at}labels.model", labels.Model);
        v.OptionalText($"{at}labels.revision", labels.Revision);
        v.Require(labels.Node.Length == 0 || labels.Node == nodeId, $"{at}labels.node", "must be the node of the report, or empty.");
        v.Require(labels.Runtime.Length == 0 || labels.Runtime == runtime.Runtime, $"{at}labels.runtime", "must be the runtime that it is listed under, or empty.");
        Unit(v, $"{at}batch_fullness", model.HasBatchFullness, model.BatchFullness);
        Unit(v, $"{at}kv_cache_usage", model.HasKvCacheUsage, model.KvCacheUsage);
        Unit(v, $"{at}prefix_cache_hit_rate", model.HasPrefixCacheHitRate, model.PrefixCacheHitRate);
        Amount(v, $"{at}queue_depth", model.HasQueueDepth, model.QueueDepth);
        Amount(v, $"{at}service_rate", model.HasServiceRate, model.ServiceRate);
        Amount(v, $"{at}p95_latency_ms", model.HasP95LatencyMs, model.P95LatencyMs);
        Amount(v, $"{at}work_left_seconds", model.HasWorkLeftSeconds, model.WorkLeftSeconds);
        Amount(v, $"{at}running", model.HasRunning, model.Running);
        Amount(v, $"{at}prompt_tokens_per_second", model.HasPromptTokensPerSecond, model.PromptTokensPerSecond);
        Amount(v, $"{at}ttft_mean_ms", model.HasTtftMeanMs, model.TtftMeanMs);
        Amount(v, $"{at}ttft_p95_ms", model.HasTtftP95Ms, model.TtftP95Ms);
        Amount(v, $"{at}tpot_mean_ms", model.HasTpotMeanMs, model.TpotMeanMs);
        Amount(v, $"{at}cold_start_seconds", model.HasColdStartSeconds, model.ColdStartSeconds);
        Amount(v, $"{at}max_concurrency", model.HasMaxConcurrency, model.MaxConcurrency);
        Amount(v, $"{at}prefill_capacity_tokens_per_second", model.HasPrefillCapacityTokensPerSecond, model.PrefillCapacityTokensPerSecond);
        Amount(v, $"{at}decode_capacity_tokens_per_second", model.HasDecodeCapacityTokensPerSecond, model.DecodeCapacityTokensPerSecond);
        Amount(v, $"{at}min_seconds_per_token", model.HasMinSecondsPerToken, model.MinSecondsPerToken);
        v.Require(model.LoraAdapters.Count <= ReportLimits.MaxEntries, $"{at}lora_adapters", $"must name at most {ReportLimits.MaxEntries} adapters.");
    }

    private static void Unit(Violations v, string field, bool given, double value) => v.Require(!given || value is >= 0 and <= 1, field, UnitRange);

    private static void Amount(Violations v, string field, bool given, double value) => v.Require(!given || (double.IsFinite(value) && value >= 0), field, NotNegative);

    private static void Vram(Violations v, string field, bool given, double value) => v.Require(!given || value is >= 0 and <= ReportLimits.MaxVramGib, field, "must be from 0 to 1048576 GiB.");
}
