using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;

namespace InferMesh.Simulator.World;

/// <summary>Nodes that batch continuously, from the calibrated profiles.</summary>
internal static class ContinuousKind
{
    /// <summary>The node kind of a GPU type. Slices that the weights do not fit are left out; where none is left the node stays whole.</summary>
    /// <exception cref="ArgumentException">There is no calibrated profile, or the model does not fit.</exception>
    public static NodeKind Of(SimConfig config, GpuProfileConfig gpu, in WorkloadMeans means)
    {
        var service = config.Service;
        if (!EngineProfiles.TryGet(gpu.Name, service.LlmModel, service.TensorParallel, out var profile))
            throw new ArgumentException($"{service.LlmModel} has no profile on {service.TensorParallel} x {gpu.Name}, or does not fit.", nameof(config));
        if (gpu.PricePerHour is { } price) profile = profile with { PricePerHour = price * service.TensorParallel };
        var slices = new List<TargetSpec>();
        foreach (var slice in config.Topology.Mig.Enable ? config.Topology.Mig.Profiles : [])
        {
            var blocks = EngineMemory.KvBlocks(profile.Physics!.MemoryBytes * slice.Fraction, profile.Model, profile.TensorParallel, profile.MaxBatchedTokens);
            if (blocks >= 1) slices.Add(Spec($"{gpu.Name}/{slice.Name}", profile.Slice(slice.Fraction), service, means));
        }
        return new(gpu.Share, Spec(gpu.Name, profile, service, means), slices, profile.PricePerHour, service.TensorParallel);
    }

    private static TargetSpec Spec(string name, EngineProfile profile, ServiceConfig service, in WorkloadMeans means)
    {
        var settings = new EngineSettings
        {
            MaxBatchedTokens = service.MaxBatchedTokens > 0 ? service.MaxBatchedTokens : null,
            MaxSequences = service.MaxSequences > 0 ? service.MaxSequences : null,
            PrefixCache = service.PrefixCache,
        };
        var limited = profile with { MaxBatchedTokens = settings.MaxBatchedTokens ?? profile.MaxBatchedTokens, MaxSequences = settings.MaxSequences ?? profile.MaxSequences };
        var kvBytes = (double)profile.KvBlocks * BlockPool.BlockTokens * profile.Model.KvBytesPerToken;
        return new(name, limited.Capability(means.PromptTokens, means.OutputTokens), profile.MemoryBytes, profile.Model.WeightBytes, kvBytes,
            listener => new ContinuousEngine(profile, listener is null ? settings : settings with { KvEvents = listener }));
    }
}
