using InferMesh.Simulator.Results;

namespace InferMesh.Simulator.Training;

/// <summary>What became of one job (synthetic).</summary>
public sealed record JobResult
{
    /// <summary>Id.</summary>
    public required string Id { get; init; }

    /// <summary>Kind, or <c>trace</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Tenant; "" without tenants.</summary>
    public required string Tenant { get; init; }

    /// <summary>Priority.</summary>
    public required int Priority { get; init; }

    /// <summary>Workers that it should have.</summary>
    public required int Workers { get; init; }

    /// <summary>GPUs of each.</summary>
    public required int GpusPerWorker { get; init; }

    /// <summary>When it was submitted, seconds into the run.</summary>
    public required double SubmittedSeconds { get; init; }

    /// <summary>When it ran first.</summary>
    public required double StartedSeconds { get; init; }

    /// <summary>When it ended.</summary>
    public required double EndedSeconds { get; init; }

    /// <summary>Seconds in the queue, those after it had to leave included.</summary>
    public required double WaitSeconds { get; init; }

    /// <summary>Seconds that it ran.</summary>
    public required double RunSeconds { get; init; }

    /// <summary>Seconds that it would take alone in the best place, with the workers that it should have.</summary>
    public required double IdealSeconds { get; init; }

    /// <summary>Time of its steps over that in the best place for as many workers, mean over the time that it ran.</summary>
    public required double StepInflation { get; init; }

    /// <summary>Edges of its ring between racks, mean over the time that it ran.</summary>
    public required double RackEdges { get; init; }

    /// <summary>Edges of its ring between zones, mean over the time that it ran.</summary>
    public required double ZoneEdges { get; init; }

    /// <summary>Times that it left for one of higher priority.</summary>
    public required int Preemptions { get; init; }

    /// <summary>Times that it left because serving wanted its GPUs back.</summary>
    public required int Reclaims { get; init; }

    /// <summary>Times that it lost a node.</summary>
    public required int Restarts { get; init; }

    /// <summary>Times that it was moved, made larger or smaller.</summary>
    public required int Moves { get; init; }

    /// <summary>Whether it went before one that waited for more room.</summary>
    public required bool Backfilled { get; init; }

    /// <summary>GPU hours of work that counted.</summary>
    public required double UsefulGpuHours { get; init; }

    /// <summary>GPU hours of work that was lost with nodes, or not saved in time.</summary>
    public required double LostGpuHours { get; init; }

    /// <summary>GPU hours in which it started, saved or stood still.</summary>
    public required double OverheadGpuHours { get; init; }

    /// <summary>Submission to end, seconds.</summary>
    public double JctSeconds => EndedSeconds - SubmittedSeconds;
}

/// <summary>Means over a part of a run.</summary>
/// <param name="Seconds">Its middle.</param>
/// <param name="Held">GPUs that jobs hold.</param>
/// <param name="Open">GPUs that jobs could hold.</param>
/// <param name="Fragments">Free GPUs beside held ones on a node.</param>
/// <param name="Lent">GPUs of serving that jobs hold.</param>
/// <param name="Unmet">GPUs that serving lacks because jobs have not left them yet.</param>
/// <param name="Waiting">Jobs that wait.</param>
public sealed record TrainingSample(double Seconds, double Held, double Open, double Fragments, double Lent, double Unmet, double Waiting);

/// <summary>What the simulation itself did.</summary>
/// <param name="Events">Events.</param>
/// <param name="Plans">Plans that the scheduler made.</param>
/// <param name="Searches">Placements that it looked for.</param>
/// <param name="Refused">Starts and moves whose GPUs were not free when they were to be carried out.</param>
public sealed record TrainingEffort(long Events, long Plans, long Searches, long Refused);

/// <summary>What one strategy did with one seed (synthetic).</summary>
public sealed record TrainingResult
{
    /// <summary>Strategy that placed the jobs.</summary>
    public required string Strategy { get; init; }

    /// <summary>Seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Every job, in the order of submission.</summary>
    public required IReadOnlyList<JobResult> Jobs { get; init; }

    /// <summary>First submission to last end, seconds.</summary>
    public required double MakespanSeconds { get; init; }

    /// <summary>GPUs held over GPUs that jobs could hold, until the last end, 0 to 1.</summary>
    public required double Utilisation { get; init; }

    /// <summary>The same of work that counted: without what was lost, starting, saving and standing still.</summary>
    public required double UsefulUtilisation { get; init; }

    /// <summary>Free GPUs beside held ones on a node, over GPUs that jobs could hold, mean over time.</summary>
    public required double Fragmentation { get; init; }

    /// <summary>GPU hours that jobs had on nodes of serving.</summary>
    public required double LentGpuHours { get; init; }

    /// <summary>Seconds in which serving lacked GPUs because jobs had not left them.</summary>
    public required double UnmetServingSeconds { get; init; }

    /// <summary>GPU seconds of that.</summary>
    public required double UnmetServingGpuSeconds { get; init; }

    /// <summary>
    /// Jain's index over tenants (Jain, Chiu and Hawe, 1984) of the mean share of its ideal speed that a tenant's job got, submission to end: 1 when all fare alike, 1/n when one has it all.
    /// </summary>
    public required double Fairness { get; init; }

    /// <summary>Mean share of its ideal speed that a job of a tenant got, by tenant.</summary>
    public required IReadOnlyDictionary<string, double> SpeedByTenant { get; init; }

    /// <summary>Placements of a strategy outside the catalogue; null for one within.</summary>
    public PluginUse? Plugin { get; init; }

    /// <summary>The course of the run.</summary>
    public required IReadOnlyList<TrainingSample> Series { get; init; }

    /// <summary>What the simulation itself did.</summary>
    public required TrainingEffort Effort { get; init; }

    /// <summary>Distribution of a figure of the jobs: the value that so large a share of them does not exceed.</summary>
    /// <param name="of">The figure.</param>
    /// <param name="share">0 to 1.</param>
    public double Quantile(Func<JobResult, double> of, double share)
    {
        double[] sorted = [.. Jobs.Select(of).Order()];
        return sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>Mean of a figure of the jobs.</summary>
    public double Mean(Func<JobResult, double> of) => Jobs.Count == 0 ? 0 : Jobs.Sum(of) / Jobs.Count;
}
