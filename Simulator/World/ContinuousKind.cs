using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;

namespace InferMesh.Simulator.World;

/// <summary>Nodes that batch continuously, from the calibrated profiles.</summary>
internal static class ContinuousKind
{
    /// <summary>The node kind of a GPU type for a part of the work. Slices that the weights do not fit are left out; where none is left the node stays whole.</summary>
    /// <exception cref="ArgumentException">There is no calibrated profile, or the model does not fit.</exception>
    public static NodeKind Of(SimConfig config, GpuProfileConfig gpu, in WorkloadMeans means, WorkPart part)
    {
        var service = config.Service;
        if (!EngineProfiles.TryGet(gpu.Name, service.LlmModel, service.TensorParallel, gpu.VramTotalGb * 1e9, out var profile))
            throw new ArgumentException($"{service.LlmModel} has no profile on {service.TensorParallel} x {gpu.Name}, or does not fit.", nameof(config));
        if (gpu.PricePerHour is { } price) profile = profile with { PricePerHour = price * service.TensorParallel };
        var slices = new List<TargetSpec>();
        foreach (var slice in config.Topology.Mig.Enable ? config.Topology.Mig.Profiles : [])
        {
            var blocks = EngineMemory.KvBlocks(profile.Physics!.MemoryBytes * slice.Fraction, profile.Model, profile.TensorParallel, profile.MaxBatchedTokens);
            if (blocks >= 1) slices.Add(Spec($"{gpu.Name}/{slice.Name}", profile.Slice(slice.Fraction), service, means, part));
        }
        return new(gpu.Share, Spec(gpu.Name, profile, service, means, part), slices, profile.PricePerHour, service.TensorParallel);
    }

    private static TargetSpec Spec(string name, EngineProfile profile, ServiceConfig service, in WorkloadMeans means, WorkPart part)
    {
        var settings = new EngineSettings
        {
            MaxBatchedTokens = service.MaxBatchedTokens > 0 ? service.MaxBatchedTokens : null,
            MaxSequences = service.MaxSequences > 0 ? service.MaxSequences : null,
            PrefixCache = service.PrefixCache,
        };
        var limited = profile with { MaxBatchedTokens = settings.MaxBatchedTokens ?? profile.MaxBatchedTokens, MaxSequences = settings.MaxSequences ?? profile.MaxSequences };
        var kvBytes = (double)profile.KvBlocks * BlockPool.BlockTokens * profile.Model.KvBytesPerToken;
        return new(name, Capability(limited, means, part), profile.MemoryBytes, profile.Model.WeightBytes, kvBytes,
            listener => new ContinuousEngine(profile, listener is null ? settings : settings with { KvEvents = listener }))
        { Part = part };
    }

    private static EngineCapability Capability(EngineProfile profile, in WorkloadMeans means, WorkPart part)
    {
        if (part == WorkPart.Prefill)
        {
            // What one step takes in is all that counts as running: a prompt beyond it waits.
            var alone = profile.Capability(means.PromptTokens, 1);
            return alone with { MaxConcurrency = Math.Clamp(profile.MaxBatchedTokens / means.PromptTokens, 1, alone.MaxConcurrency) };
        }
        var whole = profile.Capability(means.PromptTokens, means.OutputTokens);
        return part == WorkPart.Whole ? whole : whole with { RequestsPerSecond = whole.DecodeTokensPerSecond / Math.Max(1, means.OutputTokens - 1) };
    }
}
