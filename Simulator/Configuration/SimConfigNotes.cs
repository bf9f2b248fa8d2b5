using InferMesh.Simulator.Configuration.Validation;

namespace InferMesh.Simulator.Configuration;

/// <summary>Tells what of a valid configuration changes nothing, because of something else that it says.</summary>
public static class SimConfigNotes
{
    private static readonly SimConfig Default = new();

    /// <summary>Keys that differ from their defaults without effect, each with the reason.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="others">Strategies that it may name beside the catalogue; null for none.</param>
    public static IReadOnlyList<ConfigError> Of(SimConfig config, IStrategySource? others = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var findings = new Findings();
        Unread(config.Signals.P95Ms != Default.Signals.P95Ms, "signals.p95_ms", "no strategy reads latency quantiles");
        Service(config.Service, Unread);
        Topology(config, Unread);
        Workload(config.Workload, Unread);
        Unread(config.Hedging != Default.Hedging && !config.Strategies.Any(s => StrategyChecks.Describe(s.Name, others) is { Hedges: true }), "hedging", "no strategy here sends second copies");
        Unread(config.Failures.MeanRepairS != Default.Failures.MeanRepairS && config.Failures.MeanTimeBetweenS == 0, "failures.mean_repair_s", "failures.mean_time_between_s is 0");
        Unread(config.Network.InterCellCoords != Default.Network.InterCellCoords && config.Network.RttMatrixFile is not null, "network.inter_cell_coords", "network.rtt_matrix_file replaces it");
        if (config.Service.Model == ServiceModel.ReferenceBugs) Original(config, Unread);
        return findings.Errors;

        void Unread(bool given, string path, string why) => findings.Require(!given, path, $"has no effect: {why}");
    }

    private static void Service(ServiceConfig service, Action<bool, string, string> unread)
    {
        var of = Default.Service;
        if (service.Model == ServiceModel.ContinuousBatching)
        {
            const string Whole = "service.prefill_share is 0, so every node prefills and decodes";
            unread(service.PrefillShare == 0 && service.KvTransferBytesPerSecond != of.KvTransferBytesPerSecond, "service.kv_transfer_bytes_per_second", Whole);
            unread(service.PrefillShare == 0 && service.KvTransferSeconds != of.KvTransferSeconds, "service.kv_transfer_seconds", Whole);
            return;
        }
        const string Other = "only continuous_batching reads it";
        unread(service.LlmModel != of.LlmModel, "service.llm_model", Other);
        unread(service.TensorParallel != of.TensorParallel, "service.tensor_parallel", Other);
        unread(service.MaxBatchedTokens != of.MaxBatchedTokens, "service.max_batched_tokens", Other);
        unread(service.MaxSequences != of.MaxSequences, "service.max_sequences", Other);
        unread(service.PrefixCache != of.PrefixCache, "service.prefix_cache", Other);
        unread(service.KvTransferBytesPerSecond != of.KvTransferBytesPerSecond, "service.kv_transfer_bytes_per_second", Other);
        unread(service.KvTransferSeconds != of.KvTransferSeconds, "service.kv_transfer_seconds", Other);
    }

    private static void Topology(SimConfig config, Action<bool, string, string> unread)
    {
        const string Rate = "continuous_batching takes it from the calibrated profile; only token_rate reads it";
        var topology = config.Topology;
        var of = Default.Topology;
        var continuous = config.Service.Model == ServiceModel.ContinuousBatching;
        for (var i = 0; continuous && i < topology.GpuProfiles.Count; i++)
        {
            var (gpu, gpuOf) = (topology.GpuProfiles[i], of.GpuProfiles[0]);
            unread(gpu.TokensPerS is not null, $"topology.gpu_profiles[{i}].tokens_per_s", Rate);
            unread(gpu.Concurrency is not null, $"topology.gpu_profiles[{i}].concurrency", Rate);
            unread(gpu.BatchWindowMs != gpuOf.BatchWindowMs, $"topology.gpu_profiles[{i}].batch_window_ms", Rate);
            unread(gpu.KvCacheGbPerReq != gpuOf.KvCacheGbPerReq, $"topology.gpu_profiles[{i}].kv_cache_gb_per_req", Rate);
        }
        for (var i = 0; continuous && topology.Mig.Enable && i < topology.Mig.Profiles.Count; i++)
        {
            unread(topology.Mig.Profiles[i].TokensPerS is not null, $"topology.mig.profiles[{i}].tokens_per_s", Rate);
            unread(topology.Mig.Profiles[i].Concurrency is not null, $"topology.mig.profiles[{i}].concurrency", Rate);
        }
        unread(!topology.Mig.Enable && topology.Mig.Profiles.Count > 0, "topology.mig.profiles", "topology.mig.enable is false");
        unread(topology.ColdShare == 0 && topology.ColdStartS != of.ColdStartS, "topology.cold_start_s", "topology.cold_share is 0");
    }

    private static void Workload(WorkloadConfig workload, Action<bool, string, string> unread)
    {
        var of = Default.Workload;
        var trace = workload.Arrival.Type == ArrivalType.Trace;
        unread(trace && workload.Mix != of.Mix, "workload.mix", "the requests of a trace are language-model requests");
        unread(workload.Llm != of.Llm && (trace || workload.Mix.Llm == 0), "workload.llm", trace ? "the trace has lengths of its own" : "workload.mix has no llm");
        unread(workload.Vision != of.Vision && (trace || workload.Mix.Vision == 0), "workload.vision", trace ? "the requests of a trace are language-model requests" : "workload.mix has no vision");
        unread(workload.Asr != of.Asr && (trace || workload.Mix.Asr == 0), "workload.asr", trace ? "the requests of a trace are language-model requests" : "workload.mix has no asr");
        unread(workload.Tenants.Count == 1 && workload.Tenants.ZipfS > 0, "workload.tenants.skew", "there is one tenant");
        unread(workload.Sessions is { } s && s.ThinkTimeS != new SessionsConfig().ThinkTimeS && workload.Arrival.Type == ArrivalType.ClosedLoop, "workload.sessions.think_time_s", "a closed loop has its own, workload.arrival.think_time_s");
        unread(workload.Sessions is { UsersPerGroup: > 1 } && workload.Arrival.Type == ArrivalType.ClosedLoop, "workload.sessions.users_per_group", "a closed loop has its own users, workload.arrival.users");
    }

    private static void Original(SimConfig config, Action<bool, string, string> unread)
    {
        const string Why = "the original's simulation, which reference_bugs is, has none of it";
        unread(config.Network != Default.Network, "network", Why);
        unread(config.Signals with { P95Ms = Default.Signals.P95Ms } != Default.Signals, "signals", Why);
        unread(config.Failures.MeanTimeBetweenS > 0, "failures", Why);
        unread(config.Routers.Count > 1, "routers.count", Why);
        unread(config.Topology.Mig.Enable, "topology.mig", Why);
        unread(config.Topology.ColdShare > 0, "topology.cold_share", Why);
        unread(config.Topology.GpuProfiles.Count > 1, "topology.gpu_profiles", "reference_bugs takes the first type for all nodes");
    }
}
