using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;
using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Engine;

/// <summary>What all runs of a configuration share: the fleet and the rate of requests.</summary>
/// <param name="Config">The configuration.</param>
/// <param name="Fleet">The fleet.</param>
/// <param name="Rps">Requests per second.</param>
internal sealed record RunPlan(SimConfig Config, Fleet Fleet, double Rps)
{
    /// <summary>Works out what is shared.</summary>
    public static RunPlan Of(SimConfig config)
    {
        var means = WorkloadSource.Means(config);
        var llm = config.Workload.Mix.Llm < 1 && config.Service.Model != ServiceModel.ContinuousBatching
            ? WorkloadSource.Means(config with { Workload = config.Workload with { Mix = new(), Arrival = new(), Sessions = null } })
            : means;
        var meanWork = TokenRateProfile.MeanWork(config.Workload.Mix, llm.PromptTokens + llm.OutputTokens);
        NodeKind[] kinds = [.. config.Topology.GpuProfiles.Select(gpu => TokenRateProfile.KindOf(gpu, config.Topology.Mig, meanWork))];
        var fleet = Fleet.Build(config.Topology, kinds, cell => cell, "simulated");
        var capacity = 0.0;
        for (var target = 0; target < fleet.Count; target++) capacity += fleet.Spec(target).Capability.RequestsPerSecond;
        return new(config, fleet, config.Workload.Arrival.Rho is { } rho ? rho * capacity : config.Workload.Arrival.Rps);
    }
}
