using InferMesh.Simulator.Configuration.Training;

namespace InferMesh.Simulator.Training;

/// <summary>Makes the figures of a run from its books.</summary>
internal static class TrainingResults
{
    private const int Samples = 160;

    public static TrainingResult Of(JobsConfig config, string strategy, ulong seed, IReadOnlyList<SimJob> jobs, TrainingMeter meter, StepTimes steps, TrainingEffort effort)
    {
        JobResult[] results = [.. jobs.Select(j => Of(j, steps))];
        var tenants = results.GroupBy(static j => j.Tenant, StringComparer.Ordinal).OrderBy(static t => t.Key, StringComparer.Ordinal)
            .ToDictionary(static t => t.Key, t => t.Average(j => Math.Min(1, j.IdealSeconds / Math.Max(j.JctSeconds, 1e-9))), StringComparer.Ordinal);
        Int128 useful = 0;
        foreach (var job in jobs) useful += job.Account.UsefulGpuTicks;
        return new()
        {
            Strategy = strategy,
            Seed = seed,
            Jobs = results,
            MakespanSeconds = results.Max(static j => j.EndedSeconds) - results.Min(static j => j.SubmittedSeconds),
            Utilisation = Share(meter.HeldTicks, meter.OpenTicks),
            UsefulUtilisation = Share(useful, meter.OpenTicks),
            Fragmentation = Share(meter.FragmentTicks, meter.OpenTicks),
            LentGpuHours = Hours(meter.LentTicks),
            UnmetServingSeconds = Ticks.Seconds(meter.UnmetTicks),
            UnmetServingGpuSeconds = Hours(meter.UnmetGpuTicks) * 3600,
            Fairness = Jain([.. tenants.Values]),
            SpeedByTenant = tenants,
            Series = meter.Samples(Samples),
            Effort = effort,
        };
    }

    /// <summary>Jain's index: the square of the sum over n times the sum of squares.</summary>
    internal static double Jain(IReadOnlyList<double> values)
    {
        var (sum, squares) = (values.Sum(), values.Sum(static v => v * v));
        return squares == 0 ? 1 : sum * sum / (values.Count * squares);
    }

    private static JobResult Of(SimJob job, StepTimes steps)
    {
        var (spec, a) = (job.Spec, job.Account);
        double MeanOf(double ticks) => a.RunTicks == 0 ? 0 : ticks / a.RunTicks;
        return new()
        {
            Id = spec.Id,
            Kind = spec.Kind,
            Tenant = spec.Tenant,
            Priority = spec.Priority,
            Workers = spec.Workers,
            GpusPerWorker = spec.GpusPerWorker,
            SubmittedSeconds = Ticks.Seconds(spec.SubmittedAt),
            StartedSeconds = Ticks.Seconds(a.StartedAt!.Value),
            EndedSeconds = Ticks.Seconds(a.EndedAt!.Value),
            WaitSeconds = Ticks.Seconds(a.WaitTicks),
            RunSeconds = Ticks.Seconds(a.RunTicks),
            IdealSeconds = steps.IdealSeconds(spec),
            StepInflation = a.RunTicks == 0 ? 1 : MeanOf(a.InflationTicks),
            RackEdges = MeanOf(a.RackEdgeTicks),
            ZoneEdges = MeanOf(a.ZoneEdgeTicks),
            Preemptions = a.Preemptions,
            Reclaims = a.Reclaims,
            Restarts = a.Restarts,
            Moves = a.Moves,
            Backfilled = a.Backfilled,
            UsefulGpuHours = Hours(a.UsefulGpuTicks),
            LostGpuHours = Hours(a.LostGpuTicks),
            OverheadGpuHours = Hours((Int128)a.OverheadGpuTicks + a.StalledGpuTicks),
        };
    }

    private static double Hours(Int128 ticks) => (double)ticks / TimeSpan.TicksPerHour;

    private static double Share(Int128 part, Int128 whole) => whole == 0 ? 0 : (double)part / (double)whole;
}
