using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Training;

namespace InferMesh.Tests.Unit.Simulator.Training;

/// <summary>Jobs and fleets for tests: a job costs nothing to start, save or move unless a test says so.</summary>
internal static class TrainingWorlds
{
    public static JobsConfig Fleet(int nodes, int racks = 1, int zones = 1) => new() { Fleet = new() { Zones = zones, RacksPerZone = racks, NodesPerRack = nodes } };

    /// <summary>A job of so many seconds with all its workers, whose steps only compute.</summary>
    public static JobSpec Job(string id, int workers, double seconds, double at = 0, int gpus = 1, int priority = 100) => new()
    {
        Id = id,
        Kind = "job",
        Priority = priority,
        SubmittedAt = Ticks.Of(at),
        Workers = workers,
        GpusPerWorker = gpus,
        Work = seconds * workers,
        ComputeSeconds = 1,
        EstimateFactor = 1,
    };

    public static TrainingResult Run(JobsConfig config, params JobSpec[] jobs) => Run(config, "topology_best_fit", jobs);

    public static TrainingResult Run(JobsConfig config, string strategy, IReadOnlyList<JobSpec> jobs, ulong seed = 1) => new TrainingRun(config, jobs, seed, strategy, default).Run()!;

    public static JobResult Of(this TrainingResult result, string id) => result.Jobs.Single(j => j.Id == id);

    /// <summary>All of a result as text: equal texts are equal results.</summary>
    public static string Text(TrainingResult r) =>
        FormattableString.Invariant($"{r.Strategy} {r.Seed} {r.MakespanSeconds:R} {r.Utilisation:R} {r.Fragmentation:R} {r.Fairness:R} {r.UnmetServingGpuSeconds:R} {r.Effort}\n{string.Join('\n', r.Jobs)}\n{string.Join('\n', r.Series)}");
}
