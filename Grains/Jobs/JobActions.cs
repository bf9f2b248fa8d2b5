using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Strategies.Training;

namespace InferMesh.Grains.Jobs;

/// <summary>Carries out what a plan says: claims GPUs with the ledgers, then tells the job. What fails on the way leaves nothing behind, and the next plan sees how things are.</summary>
internal sealed partial class JobActions(IGrainFactory grains, TimeProvider time, JobStrategies strategies, Action<string> forget, ILogger logger)
{
    /// <summary>How long a claim is kept for a job that has not confirmed it.</summary>
    private static readonly TimeSpan ClaimLimit = TimeSpan.FromSeconds(30);

    /// <summary>Sends a job to a place; what the job is afterwards, or null when it is not known.</summary>
    public async Task<MeshJob?> PlaceAsync(MeshJob job, GangPlacement placement, TrainingFleet fleet, string reason)
    {
        if (Draft(job, placement, fleet) is not { } place) return null;
        var claimed = new List<string>();
        var kept = false;
        try
        {
            foreach (var cell in place.Groups.GroupBy(static g => g.Cell, StringComparer.Ordinal))
            {
                claimed.Add(cell.Key);
                var answer = await grains.GetGrain<ICapacityLedgerGrain>(cell.Key).Claim(Claim(job, place, cell));
                if (answer.Accepted) continue;
                Refused(job.Id, cell.Key, answer.Reason);
                return null;
            }
            // Not known is not refused: a job that has taken the place confirms its claim, and else the claim runs out.
            kept = true;
            var result = await grains.GetGrain<IJobGrain>(job.Id).Place(job.Fence, place, reason);
            kept = result.Status == JobResultStatus.Accepted;
            if (!kept) NotTaken(job.Id, result.Errors is [var first, ..] ? first.Message : result.Status.ToString());
            return Known(job, result);
        }
        finally
        {
            if (!kept) await ReleaseAsync(claimed, place.Claim);
        }
    }

    /// <summary>Takes a job's place away; what the job is afterwards.</summary>
    public async Task<MeshJob?> VacateAsync(MeshJob job, JobGoal goal, TimeSpan? grace, string reason)
    {
        var result = await grains.GetGrain<IJobGrain>(job.Id).Vacate(job.Fence, goal, grace, reason);
        return Known(job, result);
    }

    /// <summary>The place with its GPUs; null when they are not there any more.</summary>
    public JobPlacement? Draft(MeshJob job, GangPlacement placement, TrainingFleet fleet)
    {
        var groups = new List<JobWorkers>();
        fleet.For(job.Spec.MigProfile, out var lendable);
        foreach (var (node, workers) in placement.Groups)
        {
            if (fleet.Find(node) is not { } found || fleet.Choose(node, job.Id, job.Spec.MigProfile, workers * job.Spec.GpusPerWorker) is not { } gpus) return null;
            if (workers <= 0) return null;
            groups.Add(new() { Node = node, Cell = found.Registration.CellId, Workers = workers, Gpus = gpus, Lent = lendable.Contains(node), Host = found.Host });
        }
        if (groups.Count == 0 || placement.Workers < Math.Min(job.Spec.LeastWorkers, job.DesiredWorkers)) return null;
        var (strategy, note) = strategies.MakerOf(job.Spec.Strategy, placement);
        var hint = JobMapping.ToHint(job.Spec, placement, fleet.Fabric(groups.Select(static g => g.Node), job.Id));
        return new()
        {
            Fence = job.Fence + 1,
            Claim = Guid.NewGuid().ToString("n"),
            Groups = groups,
            Strategy = strategy,
            CrossEdges = placement.CrossEdges.Where(static e => e.Value > 0).ToDictionary(static e => JobMapping.ToDomain(e.Key), static e => e.Value),
            RingNsPerByte = placement.RingCost,
            Hint = JobMapping.ToWire(hint, 1),
            Why = note.Length > 0 ? $"{Why(placement)}; {note}" : Why(placement),
        };
    }

    private static string Why(GangPlacement placement)
    {
        var edges = string.Join(", ", placement.CrossEdges.Where(static e => e.Value > 0).Select(static e => FormattableString.Invariant($"{e.Value} between {Plural(e.Key)}")));
        return FormattableString.Invariant($"{placement.Workers} workers on {placement.Groups.Count} nodes; ")
            + (edges.Length == 0 ? "its ring leaves no node" : FormattableString.Invariant($"edges of its ring: {edges}; {placement.RingCost:0.###} ns per byte"));
    }

    private static string Plural(TopologyLevel level) => level == TopologyLevel.NvlinkIsland ? "NVLink islands" : $"{level.ToString().ToLowerInvariant()}s";

    private CapacityClaim Claim(MeshJob job, JobPlacement place, IEnumerable<JobWorkers> groups)
    {
        var hint = place.Hint;
        var step = hint is null ? 0 : hint.ComputeSeconds + hint.ExchangeSeconds;
        return new()
        {
            Claim = place.Claim,
            Kind = ClaimKind.Training,
            Holder = job.Id,
            Tenant = job.Spec.Tenant,
            Fence = place.Fence,
            Gpus = [.. groups.Select(static g => new ClaimedGpus(g.Node, g.Gpus, g.Lent))],
            Until = time.GetUtcNow() + ClaimLimit,
            LinkBytesPerSecond = place.Groups.Count > 1 ? LinkShare.Demand(job.Spec.GradientBytes ?? 0, step) : 0,
        };
    }

    private MeshJob? Known(MeshJob job, JobResult result)
    {
        if (result.Status == JobResultStatus.NotFound) forget(job.Id);
        return result.Job;
    }

    private async Task ReleaseAsync(IEnumerable<string> cells, string claim)
    {
        foreach (var cell in cells)
        {
            try
            {
                await grains.GetGrain<ICapacityLedgerGrain>(cell).Release(claim);
            }
            catch (Exception e)
            {
                // It runs out by itself.
                NotReleased(claim, cell, e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Job {Job} did not get its GPUs in cell {Cell}: {Reason}")]
    private partial void Refused(string job, string cell, string reason);

    [LoggerMessage(LogLevel.Information, "Job {Job} did not take its place: {Reason}")]
    private partial void NotTaken(string job, string reason);

    [LoggerMessage(LogLevel.Information, "Claim {Claim} in cell {Cell} was not released, and runs out: {Reason}")]
    private partial void NotReleased(string claim, string cell, string reason);
}
