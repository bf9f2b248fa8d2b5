using System.Text.Json;
using InferMesh.Cli.Sim.Output;
using InferMesh.Simulator.Training;

namespace InferMesh.Cli.Sim.Jobs;

/// <summary>The files of one run. Equal configuration and seeds give equal bytes.</summary>
internal static class JobsFolder
{
    public const string JobsFile = "jobs.csv", MetricsFile = "metrics.json", ConfigFile = "config.yaml", ReportFile = "report.html";

    public static void Write(string folder, string configYaml, IReadOnlyList<TrainingResult> results, IReadOnlyList<JobsSummary> all)
    {
        AtomicFile.Write(Path.Combine(folder, ConfigFile), configYaml);
        AtomicFile.Write(Path.Combine(folder, JobsFile), Rows(results));
        AtomicFile.Write(Path.Combine(folder, MetricsFile), JsonSerializer.Serialize(JobsDocument.Of(all), JobsJson.Default.JobsDocument) + "\n");
        AtomicFile.Write(Path.Combine(folder, ReportFile), JobsPage.Write(configYaml, all));
    }

    /// <summary><c>jobs.csv</c>: a row per job, strategy and seed.</summary>
    private static string Rows(IReadOnlyList<TrainingResult> results)
    {
        var csv = new Csv(
            "strategy", "seed", "id", "kind", "tenant", "priority", "workers", "gpus_per_worker", "submitted_s", "started_s", "ended_s", "jct_s", "wait_s", "run_s", "ideal_s", "step_inflation", "rack_edges", "zone_edges",
            "preemptions", "reclaims", "restarts", "moves", "backfilled", "useful_gpu_h", "lost_gpu_h", "overhead_gpu_h");
        foreach (var result in results)
        {
            foreach (var j in result.Jobs)
            {
                csv.Row(
                    result.Strategy, result.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture), j.Id, j.Kind, j.Tenant, Csv.Number((long)j.Priority), Csv.Number((long)j.Workers), Csv.Number((long)j.GpusPerWorker),
                    Csv.Number(j.SubmittedSeconds), Csv.Number(j.StartedSeconds), Csv.Number(j.EndedSeconds), Csv.Number(j.JctSeconds), Csv.Number(j.WaitSeconds), Csv.Number(j.RunSeconds), Csv.Number(j.IdealSeconds),
                    Csv.Number(j.StepInflation), Csv.Number(j.RackEdges), Csv.Number(j.ZoneEdges), Csv.Number((long)j.Preemptions), Csv.Number((long)j.Reclaims), Csv.Number((long)j.Restarts), Csv.Number((long)j.Moves),
                    j.Backfilled ? "true" : "false", Csv.Number(j.UsefulGpuHours), Csv.Number(j.LostGpuHours), Csv.Number(j.OverheadGpuHours));
            }
        }
        return csv.ToString();
    }
}
