namespace InferMesh.Strategies.Training.Scheduling;

/// <summary>Whether a running job is better made larger or put elsewhere: what it gains over the rest of its run against what the way costs it.</summary>
internal static class JobImprovement
{
    /// <summary>The move; null when none pays.</summary>
    /// <param name="placed">The job.</param>
    /// <param name="input">Input of the plan.</param>
    /// <param name="fleet">What is free.</param>
    /// <param name="room">GPUs that its tenant may still take.</param>
    public static JobMove? Find(PlacedJob placed, SchedulerInput input, FleetDraft fleet, int room)
    {
        var gang = placed.Job.Gang;
        var most = Math.Max(placed.Job.MaxWorkers, gang.Workers);
        var larger = (int)Math.Min(most, placed.Workers + ((long)Math.Max(0, room) / gang.GpusPerWorker));
        var draft = fleet.Copy();
        var here = FabricTree.Describe(draft.Nodes, placed.Groups.ToDictionary(static g => g.Node, static g => g.Workers, StringComparer.Ordinal));
        // Where it is on nodes that take no work, not all of its place is known.
        if (here.Workers < placed.Workers) return null;
        var (rest, cost) = (placed.ExpectedEnd(input.Now, input.Options.ShortestRest) - input.Now, placed.RestartCost + (placed.Job.Preemptible ? TimeSpan.Zero : placed.Unsaved(input.Now)));
        var pace = Pace(placed.Job, here, draft);
        // Most jobs have nothing to gain, and no place need be looked for to know that.
        if (larger <= placed.Workers && here.Groups.Count == 1 && Slowest(gang.Throughput, here, draft) == 1) return null;
        if (!Pays(Most(placed.Job, larger) / pace)) return null;
        draft.Hold(placed.Groups, -gang.GpusPerWorker);
        var placement = draft.Place(placed.Job, gang with { Workers = larger, MinWorkers = placed.Workers });
        fleet.Searched(draft);
        if (placement.Failure != PlacementFailure.None || IsSame(placement.Groups, placed.Groups)) return null;
        return Pays(Pace(placed.Job, placement, draft) / pace) ? new(placed, placement, placement.Workers > placed.Workers ? MoveKind.Grow : MoveKind.Rebalance) : null;

        // Work that is left takes so much less: rest - rest / faster.
        bool Pays(double faster) => rest * (1 - (1 / faster)) > cost * input.Options.GainOverCost;
    }

    /// <summary>The pace of so many workers on the fastest GPUs, if they had nothing to exchange: no place has more.</summary>
    private static double Most(TrainingJob job, int workers) => job.Step is { } step ? workers / step.ComputeSeconds : workers;

    /// <summary>
    /// Work per second, in any unit: workers over the time of a step, which computes as fast as the slowest GPU of them. Where nothing is known of its step, a worker is a worker wherever it is.
    /// </summary>
    private static double Pace(TrainingJob job, GangPlacement placement, FleetDraft fleet)
    {
        var gpus = Slowest(job.Gang.Throughput, placement, fleet);
        return job.Step is { } step ? placement.Workers / CollectiveHints.For(placement, step with { ComputeSeconds = step.ComputeSeconds / gpus }, CollectiveFabric.Unmeasured).StepSeconds : placement.Workers * gpus;
    }

    /// <summary>What its slowest GPU gets done over what the fastest type would; 1 where types are equal.</summary>
    private static double Slowest(IReadOnlyDictionary<string, double> throughput, GangPlacement placement, FleetDraft fleet)
    {
        if (throughput.Count < 2) return 1;
        var most = throughput.Values.Max();
        return placement.Groups.Select(g => throughput.GetValueOrDefault(fleet.GpuType(g.Node))).Where(static t => t > 0).DefaultIfEmpty(most).Min() / most;
    }

    private static bool IsSame(IReadOnlyList<WorkerGroup> one, IReadOnlyList<WorkerGroup> other) =>
        one.Count == other.Count && one.OrderBy(static g => g.Node, StringComparer.Ordinal).SequenceEqual(other.OrderBy(static g => g.Node, StringComparer.Ordinal));
}
