using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Network;

namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>What must fit together in a fleet and its network.</summary>
internal static class WorldChecks
{
    private const long MostNodes = 1L << 24;
    private const double LeastSecondsBetweenFailures = 1e-3;

    public static void Check(SimConfig config, Findings findings)
    {
        Topology(config, findings);
        WorkloadChecks.Dist(config.Network.IntraCellRttMs, "network.intra_cell_rtt_ms", findings);
        if (config.Network.RttMatrixFile is { } matrix) FileCheck.Check(matrix, "network.rtt_matrix_file", findings, file => Matrix(file, config.Topology.Cells));
        Range(config.Signals.QueueDepthMs, "signals.queue_depth_ms", findings);
        Range(config.Signals.VramMs, "signals.vram_ms", findings);
        Range(config.Signals.P95Ms, "signals.p95_ms", findings);
        Range(config.Signals.TransportMs.IntraCell, "signals.transport_ms.intra_cell", findings);
        Range(config.Signals.TransportMs.InterCell, "signals.transport_ms.inter_cell", findings);
        findings.Require(config.Service.TensorParallel is 1 or 2 or 4 or 8, "service.tensor_parallel", $"is {config.Service.TensorParallel}; it must be 1, 2, 4 or 8");
        PrefillShare(config, findings);
        if (config.Service.Model == ServiceModel.ContinuousBatching)
            findings.Require(EngineProfiles.All.Any(p => Same(p.Model.Name, config.Service.LlmModel)), "service.llm_model", $"'{config.Service.LlmModel}' has no calibrated profile; known: {Names(p => p.Model.Name)}");
        var between = config.Failures.MeanTimeBetweenS;
        findings.Require(between is 0 or >= LeastSecondsBetweenFailures, "failures.mean_time_between_s", $"is {between}; it must be 0 or at least {LeastSecondsBetweenFailures}");
        SloClasses(config.SloClasses, findings);
    }

    private static void PrefillShare(SimConfig config, Findings findings)
    {
        const string Path = "service.prefill_share";
        if (!(config.Service.PrefillShare > 0)) return;
        findings.Require(config.Service.Model == ServiceModel.ContinuousBatching, Path, $"needs service.model continuous_batching: only its nodes can prefill for others");
        var nodes = (double)config.Topology.Cells * config.Topology.NodesPerCell;
        findings.Require(config.Service.PrefillShare * nodes >= 1 - 1e-9, Path, $"is {config.Service.PrefillShare} of {nodes} nodes, which is less than one; at least one node must prefill");
    }

    private static void Topology(SimConfig config, Findings findings)
    {
        var topology = config.Topology;
        var nodes = (long)topology.Cells * topology.NodesPerCell;
        findings.Require(nodes <= MostNodes, "topology.nodes_per_cell", $"makes {nodes} nodes; at most {MostNodes} are simulated");
        findings.Require(topology.GpuProfiles.Count > 0, "topology.gpu_profiles", $"must name at least one GPU type");
        for (var i = 0; i < topology.GpuProfiles.Count; i++) Gpu(topology.GpuProfiles[i], i, config, findings);
        var mig = topology.Mig;
        var fractions = mig.Profiles.Sum(p => p.Fraction);
        findings.Require(!mig.Enable || mig.Profiles.Count > 0, "topology.mig.profiles", $"must name at least one slice when mig.enable is true");
        findings.Require(fractions <= 1 + 1e-9, "topology.mig.profiles", $"the fractions sum to {fractions:0.####}; the slices of one GPU must not be more than 1");
    }

    private static void Gpu(GpuProfileConfig profile, int index, SimConfig config, Findings findings)
    {
        var path = $"topology.gpu_profiles[{index}]";
        if (config.Service.Model == ServiceModel.ContinuousBatching) Calibrated(profile, path, config.Service, findings);
        else findings.Require(profile.TokensPerS is not null || EngineProfiles.All.Any(p => Same(p.Gpu, profile.Name)), $"{path}.tokens_per_s", $"is missing: '{profile.Name}' has no calibrated profile to take it from");
        findings.Require(config.Topology.GpuProfiles.Take(index).All(p => p.Name != profile.Name), $"{path}.name", $"'{profile.Name}' is listed twice");
    }

    private static string? Matrix(string file, int cells) =>
        RttMatrix.Load(file) is var matrix && matrix.Size < cells ? FormattableString.Invariant($"has {matrix.Size} rows; topology.cells is {cells}") : null;

    private static bool Fits(GpuProfileConfig gpu, ServiceConfig service) =>
        EngineProfiles.TryGet(gpu.Name, service.LlmModel, service.TensorParallel, gpu.VramTotalGb * 1e9, out _);

    private static void Calibrated(GpuProfileConfig profile, string path, ServiceConfig service, Findings findings)
    {
        var gpu = profile.Name;
        // What is wrong with the model or the degree is said where they stand.
        if (EngineProfiles.All.All(p => !Same(p.Gpu, gpu)))
            findings.Add($"{path}.name", $"'{gpu}' has no calibrated profile; known: {Names(p => p.Gpu)}");
        else if (EngineProfiles.All.Any(p => Same(p.Model.Name, service.LlmModel)) && service.TensorParallel is 1 or 2 or 4 or 8)
            findings.Require(Fits(profile, service), $"{path}.name", $"{service.LlmModel} does not fit on {gpu} with tensor_parallel {service.TensorParallel}");
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Names(Func<EngineProfile, string> name) => string.Join(", ", EngineProfiles.All.Select(name).Distinct());

    private static void Range(RangeMs range, string path, Findings findings) =>
        findings.Require(range.Min <= range.Max, path, $"goes from {range.Min} to {range.Max}; the second must not be below the first");

    private static void SloClasses(IReadOnlyList<SloClassConfig> classes, Findings findings)
    {
        if (classes.Count == 0) return;
        var sum = classes.Sum(c => c.Share);
        findings.Require(Math.Abs(sum - 1) <= 1e-3, "slo_classes", $"the shares sum to {sum:0.####}; they must sum to 1");
        for (var i = 0; i < classes.Count; i++)
        {
            var one = classes[i];
            findings.Require(classes.Take(i).All(c => c.Name != one.Name), $"slo_classes[{i}].name", $"'{one.Name}' is listed twice");
            findings.Require(one.TtftS is not null || one.TpotS is not null || one.E2eS is not null, $"slo_classes[{i}]", $"has no goal: set ttft_s, tpot_s or e2e_s");
        }
    }
}
