using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Strategies.Training;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Grains.Jobs;

/// <summary>The one mapping between jobs on the wire and those of the scheduler's kernel.</summary>
internal static class JobMapping
{
    public static TopologyLevel ToLevel(JobDomain domain) => domain switch
    {
        JobDomain.Region => TopologyLevel.Region,
        JobDomain.Zone => TopologyLevel.Zone,
        JobDomain.Cell => TopologyLevel.Cell,
        JobDomain.Rack => TopologyLevel.Rack,
        JobDomain.NvlinkIsland => TopologyLevel.NvlinkIsland,
        _ => TopologyLevel.Node,
    };

    public static JobDomain ToDomain(TopologyLevel level) => (JobDomain)level;

    /// <summary>The job as the scheduler sees it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="now">Now.</param>
    /// <param name="strategies">Plugins that place jobs; null where nothing is placed.</param>
    public static TrainingJob ToTraining(MeshJob job, DateTimeOffset now, JobStrategies? strategies = null) => new()
    {
        Id = job.Id,
        Tenant = job.Spec.Tenant,
        Project = job.Spec.Project,
        Priority = job.Spec.Priority,
        SubmittedAt = job.SubmittedAt,
        Gang = ToGang(job.Spec, job.DesiredWorkers, job.Scaled),
        MaxWorkers = job.Scaled ? job.DesiredWorkers : job.Spec.MostWorkers,
        Strategy = job.Spec.Strategy,
        Other = strategies?.For(job.Spec.Strategy),
        Preemptible = job.Spec.Preemptible,
        Expected = job.Spec.ExpectedSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Avoid = job.Avoid.Where(a => a.Value > now).Select(static a => a.Key).ToHashSet(StringComparer.Ordinal),
        Step = ToStep(job.Spec),
    };

    public static PlacedJob ToPlaced(MeshJob job, IReadOnlySet<string> lost, DateTimeOffset now, TimeSpan restartCost, JobStrategies? strategies = null) => new()
    {
        Job = ToTraining(job, now, strategies),
        Groups = [.. job.Placement!.Groups.Select(static g => new WorkerGroup(g.Node, g.Workers))],
        Since = job.State == JobState.Running ? job.Since : now,
        StartedAt = job.StartedAt ?? job.Since,
        CheckpointAt = job.Progress.CheckpointAt,
        Lost = lost,
        Busy = job.Stop is not null || job.State is not (JobState.Running or JobState.Degraded),
        RestartCost = restartCost,
        Leaving = Leaving(job),
        LeavesBy = job.Stop?.By,
        GpusToCome = Math.Max(0, (job.Stop?.Next?.Workers ?? 0) - job.Placement!.Workers) * job.Spec.GpusPerWorker,
    };

    /// <summary>What a job that stops leaves behind: all, or what its next place has no part of.</summary>
    private static WorkerGroup[] Leaving(MeshJob job)
    {
        if (job.Stop is not { } stop) return [];
        var stays = stop.Next?.Groups.ToDictionary(static g => g.Node, static g => g.Workers, StringComparer.Ordinal) ?? [];
        return [.. job.Placement!.Groups.Select(g => new WorkerGroup(g.Node, g.Workers - stays.GetValueOrDefault(g.Node))).Where(static g => g.Workers > 0)];
    }

    private static Gang ToGang(JobSpec spec, int desired, bool scaled) => new()
    {
        Workers = desired,
        // One that was scaled should have just as many; while it waits fewer do.
        MinWorkers = scaled ? desired : spec.LeastWorkers,
        GpusPerWorker = spec.GpusPerWorker,
        Throughput = spec.GpuTypes,
        BytesPerGpu = spec.GpuMemoryBytes,
        Required = spec.RequiredDomain is { } required ? ToLevel(required) : null,
        Preferred = spec.PreferredDomain is { } preferred ? ToLevel(preferred) : null,
    };

    private static TrainingStep? ToStep(JobSpec spec) =>
        spec is { StepComputeSeconds: null, GradientBytes: null } ? null : new(spec.GpusPerWorker, spec.StepComputeSeconds ?? 0, spec.GradientBytes ?? 0);

    /// <summary>The hint for a job that is placed so.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="placement">The place.</param>
    /// <param name="fabric">Links as they are now.</param>
    public static CollectiveHint ToHint(JobSpec spec, GangPlacement placement, CollectiveFabric fabric) =>
        CollectiveHints.For(placement, ToStep(spec) ?? new(spec.GpusPerWorker, 0, 0), fabric);

    public static JobHint ToWire(CollectiveHint hint, int revision) => new()
    {
        Revision = revision,
        Environment = hint.Environment,
        Collectives = [.. hint.Ranges.Select(static r => new JobCollective(r.FromBytes, r.Algorithm.ToString().ToLowerInvariant()))],
        FusionBytes = hint.FusionBytes,
        Compress = hint.Compress,
        ComputeSeconds = hint.ComputeSeconds,
        ExchangeSeconds = hint.ExchangeSeconds,
    };
}
