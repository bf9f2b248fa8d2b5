using InferMesh.Cli.Sim.Output;
using InferMesh.Simulator.Training;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary>One figure of a run of jobs.</summary>
/// <param name="Name">Name in files; its unit is the end of it.</param>
/// <param name="Title">Name for people.</param>
/// <param name="Better">Which way is better.</param>
/// <param name="Of">The figure.</param>
internal sealed record JobFigure(string Name, string Title, Better Better, Func<TrainingResult, double> Of);

/// <summary>Figures of runs of jobs, in the order of the files.</summary>
internal static class JobFigures
{
    public const string JctMean = "jct_mean_s", WaitMean = "wait_mean_s", Utilisation = "utilisation", Fragmentation = "fragmentation", RackEdges = "rack_edges_mean", ZoneEdges = "zone_edges_mean";
    public const string Inflation = "step_inflation_mean", UnmetSeconds = "unmet_serving_s", UnmetGpuSeconds = "unmet_serving_gpu_s", Lost = "lost_gpu_h", Fairness = "fairness";

    public static IReadOnlyList<JobFigure> All { get; } =
    [
        new(JctMean, "JCT mean", Better.Lower, static r => r.Mean(static j => j.JctSeconds)),
        new("jct_p50_s", "JCT p50", Better.Lower, static r => r.Quantile(static j => j.JctSeconds, 0.5)),
        new("jct_p95_s", "JCT p95", Better.Lower, static r => r.Quantile(static j => j.JctSeconds, 0.95)),
        new("jct_p99_s", "JCT p99", Better.Lower, static r => r.Quantile(static j => j.JctSeconds, 0.99)),
        new("slowdown_mean", "JCT over ideal, mean", Better.Lower, static r => r.Mean(static j => j.JctSeconds / Math.Max(j.IdealSeconds, 1e-9))),
        new("makespan_s", "makespan", Better.Lower, static r => r.MakespanSeconds),
        new(WaitMean, "queue wait mean", Better.Lower, static r => r.Mean(static j => j.WaitSeconds)),
        new("wait_p95_s", "queue wait p95", Better.Lower, static r => r.Quantile(static j => j.WaitSeconds, 0.95)),
        new(Utilisation, "GPUs held", Better.Neither, static r => r.Utilisation),
        new("useful_utilisation", "GPUs at work that counts", Better.Neither, static r => r.UsefulUtilisation),
        new(Fragmentation, "fragments", Better.Lower, static r => r.Fragmentation),
        new(RackEdges, "ring edges between racks", Better.Lower, static r => r.Mean(static j => j.RackEdges)),
        new(ZoneEdges, "ring edges between zones", Better.Lower, static r => r.Mean(static j => j.ZoneEdges)),
        new(Inflation, "step time over the best place's", Better.Lower, static r => r.Mean(static j => j.StepInflation)),
        new("preemptions", "preemptions", Better.Lower, static r => r.Jobs.Sum(static j => j.Preemptions)),
        new("reclaims", "jobs that serving drove out", Better.Lower, static r => r.Jobs.Sum(static j => j.Reclaims)),
        new("restarts", "restarts after lost nodes", Better.Lower, static r => r.Jobs.Sum(static j => j.Restarts)),
        new("moves", "moves", Better.Neither, static r => r.Jobs.Sum(static j => j.Moves)),
        new("backfilled", "jobs backfilled", Better.Neither, static r => r.Jobs.Count(static j => j.Backfilled)),
        new(Lost, "lost GPU hours", Better.Lower, static r => r.Jobs.Sum(static j => j.LostGpuHours)),
        new("overhead_gpu_h", "GPU hours starting, saving, standing still", Better.Lower, static r => r.Jobs.Sum(static j => j.OverheadGpuHours)),
        new("lent_gpu_h", "GPU hours lent by serving", Better.Neither, static r => r.LentGpuHours),
        new(UnmetSeconds, "seconds that serving lacked lent GPUs", Better.Lower, static r => r.UnmetServingSeconds),
        new(UnmetGpuSeconds, "GPU seconds that serving lacked", Better.Lower, static r => r.UnmetServingGpuSeconds),
        new(Fairness, "fairness (Jain)", Better.Higher, static r => r.Fairness),
    ];

    public static JobFigure Get(string name) => All.First(f => f.Name == name);
}
