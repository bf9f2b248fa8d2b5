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
        var continuous = config.Service.Model == ServiceModel.ContinuousBatching;
        var prefillShare = continuous ? config.Service.PrefillShare : 0;
        NodeKind[] kinds = [.. config.Topology.GpuProfiles.Select(gpu => continuous
            ? ContinuousKind.Of(config, gpu, means, prefillShare > 0 ? WorkPart.Decode : WorkPart.Whole)
            : TokenRateProfile.KindOf(gpu, config.Topology.Mig, meanWork))];
        NodeKind[] prefill = [.. config.Topology.GpuProfiles.Where(_ => prefillShare > 0).Select(gpu => ContinuousKind.Of(config, gpu, means, WorkPart.Prefill))];
        var fleet = Fleet.Build(config.Topology, kinds, prefill, prefillShare, cell => cell, "simulated");
        return new(config, fleet, config.Workload.Arrival.Rho is { } rho ? rho * Capacity(fleet) : config.Workload.Arrival.Rps);
    }

    /// <summary>Requests per second that the fleet serves; of two kinds of nodes the scarcer decides.</summary>
    private static double Capacity(Fleet fleet)
    {
        double prefill = 0, rest = 0;
        for (var target = 0; target < fleet.Count; target++)
        {
            var rate = fleet.Spec(target).Capability.RequestsPerSecond;
            if (fleet.PartOf(target) == WorkPart.Prefill) prefill += rate;
            else rest += rate;
        }
        return prefill > 0 ? Math.Min(prefill, rest) : rest;
    }
}
