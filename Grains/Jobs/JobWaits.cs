using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Strategies.Training;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Grains.Jobs;

/// <summary>Says in words why jobs wait, move or are where they are. Pure.</summary>
internal static class JobWaits
{
    public static string Text(JobMove move) => move.Kind switch
    {
        MoveKind.Repair => $"takes its workers of {string.Join(", ", move.Job.Lost)} elsewhere",
        MoveKind.Shrink when move.For.Length > 0 => $"gives up workers for {move.For}",
        MoveKind.Shrink when move.Job.Lost.Count > 0 => $"goes on without {string.Join(", ", move.Job.Lost)}",
        MoveKind.Shrink => "has fewer workers, as its owner wants",
        MoveKind.Grow => "takes what is free",
        MoveKind.Consolidate => $"moves closer to others for {move.For}",
        _ => "is faster there, by more than the way costs",
    };

    public static string Text(WaitReason reason, MeshJob job, SchedulerPlan plan, TrainingFleet fleet, IReadOnlySet<string>? allowed)
    {
        var (suitable, free) = Count(job, fleet, allowed);
        var needs = job.Spec.LeastWorkers * job.Spec.GpusPerWorker;
        return reason switch
        {
            WaitReason.NotConsidered when plan.FullTenants.Contains(job.Spec.Tenant) => $"its tenant {job.Spec.Tenant} has as many GPUs as it may",
            WaitReason.Quota => $"its tenant {job.Spec.Tenant} or project has as many GPUs as it may",
            WaitReason.NoSuchGpu => $"no node{(allowed is null ? "" : " where its tenant's work may run")} has {Kind(job)}",
            WaitReason.TooLarge => FormattableString.Invariant($"it needs {needs} GPUs ({job.Spec.LeastWorkers} workers of {job.Spec.GpusPerWorker}), and there are {suitable} that suit it"),
            WaitReason.NotEnoughFree => FormattableString.Invariant($"it needs {needs} GPUs ({job.Spec.LeastWorkers} workers of {job.Spec.GpusPerWorker}), and {free} of the {suitable} that suit it are free"),
            WaitReason.DomainTooSmall => $"{free} GPUs that suit it are free, but not in one {job.Spec.RequiredDomain?.ToString().ToLowerInvariant() ?? "place"}",
            WaitReason.RoomIsMade => "others make room for it",
            WaitReason.Reserved => $"what is free is kept for {plan.Reservation?.Job.Id ?? "a job"} that goes before it",
            _ => "it waits for its turn",
        };
    }

    public static JobExplanation Explain(MeshJob job, SchedulerPlan plan, JobQueue queue, TrainingFleet fleet, IReadOnlySet<string>? allowed, double usage)
    {
        var (suitable, free) = Count(job, fleet, allowed);
        var waits = job.State.IsWaiting();
        return new()
        {
            Job = job.Id,
            State = job.State,
            Reason = waits ? Text(plan.Waits.GetValueOrDefault(job.Id), job, plan, fleet, allowed) : job.Placement is { } place && job.Stop is null ? place.Why : job.Reason,
            Position = waits ? queue.PositionInTenant(job.Id) : null,
            ExpectedStart = plan.Reservation is { } kept && kept.Job.Id == job.Id ? kept.At : null,
            GpusNeeded = job.Spec.LeastWorkers * job.Spec.GpusPerWorker,
            GpusSuitable = suitable,
            GpusFree = free,
            Alternatives = Alternatives(job, fleet, allowed),
            TenantUsage = usage,
        };
    }

    /// <summary>What the other strategies would do with it now, as if its own GPUs were free.</summary>
    private static Dictionary<string, double> Alternatives(MeshJob job, TrainingFleet fleet, IReadOnlySet<string>? allowed)
    {
        var training = JobMapping.ToTraining(job, DateTimeOffset.MaxValue);
        var own = job.Placement?.Groups.ToDictionary(static g => g.Node, static g => g.Gpus.Count, StringComparer.Ordinal) ?? [];
        TrainingNode[] nodes = [.. fleet.For(job.Spec.MigProfile, out _).Where(n => allowed?.Contains(n.Id) ?? true).Select(n => n with { FreeGpus = Math.Min(n.Gpus, n.FreeGpus + own.GetValueOrDefault(n.Id)) })];
        return TrainingCatalog.All.ToDictionary(
            static s => s.Name,
            s => TrainingCatalog.Create(s.Name).Place(training.Gang, nodes) is { Failure: PlacementFailure.None } placement ? placement.RingCost : -1);
    }

    private static (int Suitable, int Free) Count(MeshJob job, TrainingFleet fleet, IReadOnlySet<string>? allowed)
    {
        var gang = JobMapping.ToTraining(job, DateTimeOffset.MaxValue).Gang;
        var (suitable, free) = (0, 0);
        foreach (var node in fleet.For(job.Spec.MigProfile, out _).Where(n => (allowed?.Contains(n.Id) ?? true) && (gang.Throughput.Count == 0 || gang.Throughput.ContainsKey(n.GpuType)) && (gang.BytesPerGpu == 0 || n.BytesPerGpu >= gang.BytesPerGpu)))
        {
            suitable += node.Gpus;
            free += Math.Max(0, node.FreeGpus);
        }
        return (suitable, free);
    }

    private static string Kind(MeshJob job)
    {
        var what = job.Spec.MigProfile.Length > 0 ? $"MIG slices {job.Spec.MigProfile}" : job.Spec.GpuTypes.Count > 0 ? $"GPUs of type {string.Join(" or ", job.Spec.GpuTypes.Keys)}" : "GPUs";
        return (job.Spec.GpuMemoryBytes > 0 ? FormattableString.Invariant($"{what} with {job.Spec.GpuMemoryBytes / (double)(1 << 30):0.#} GiB of memory") : what) + " and an agent that starts jobs";
    }
}
