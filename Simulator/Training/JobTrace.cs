using System.Globalization;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Simulator.Training;

/// <summary>Reads a CSV trace of jobs; what a row leaves out is as the first kind of the configuration says.</summary>
/// <remarks>
/// The first line names the columns, in any order:
/// <list type="bullet">
/// <item>must be there: <c>submitted_s</c>, <c>workers</c>, and one of <c>gpu_seconds</c> and <c>steps</c>;</item>
/// <item>may be there, and be empty: <c>id</c>, <c>tenant</c>, <c>priority</c>, <c>gpus_per_worker</c>, <c>min_workers</c>, <c>max_workers</c>, <c>step_compute_s</c>,
/// <c>gradient_bytes</c>, <c>preemptible</c> (true or false), <c>checkpoint_s</c>, <c>save_s</c>, <c>start_s</c>, <c>restart_s</c>, <c>estimate_s</c>.</item>
/// </list>
/// The first submission is the beginning of the run. No quoted fields; <c>.gz</c> is unpacked.
/// </remarks>
internal static class JobTrace
{
    private static readonly string[] Known =
    [
        "submitted_s", "workers", "gpu_seconds", "steps", "id", "tenant", "priority", "gpus_per_worker", "min_workers", "max_workers", "step_compute_s", "gradient_bytes", "preemptible",
        "checkpoint_s", "save_s", "start_s", "restart_s", "estimate_s",
    ];

    /// <exception cref="FormatException">The file is empty or malformed; the message names the line.</exception>
    public static IReadOnlyList<JobSpec> Load(string file, JobsConfig config)
    {
        using var reader = TraceFile.OpenText(file);
        return Read(reader, config);
    }

    /// <exception cref="FormatException">The text is empty or malformed; the message names the line.</exception>
    public static IReadOnlyList<JobSpec> Read(TextReader reader, JobsConfig config)
    {
        var columns = Columns(reader.ReadLine() ?? "");
        var jobs = new List<JobSpec>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var line = 2; reader.ReadLine() is { } text; line++)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            var fields = text.Split(',');
            if (fields.Length != columns.Length) throw new FormatException($"line {line} has {fields.Length} fields, the first line {columns.Length}");
            var job = Job(new(columns, fields, line), config, jobs.Count);
            if (!ids.Add(job.Id)) throw new FormatException($"line {line}: '{job.Id}' is the id of an earlier row");
            jobs.Add(job);
        }
        if (jobs.Count == 0) throw new FormatException("the file has no job");
        var first = jobs.Min(static j => j.SubmittedAt);
        return [.. jobs.Select(j => j with { SubmittedAt = (long)((j.SubmittedAt - first) / config.Jobs.Arrival.Speed) }).OrderBy(static j => j.SubmittedAt)];
    }

    private static string[] Columns(string header)
    {
        string[] columns = [.. header.Split(',').Select(static c => c.Trim().ToLowerInvariant())];
        foreach (var (i, column) in columns.Index())
        {
            if (!Known.Contains(column)) throw new FormatException($"line 1: '{column}' is no column; there are {string.Join(", ", Known)}");
            if (columns.Take(i).Contains(column)) throw new FormatException($"line 1: '{column}' stands there twice");
        }
        foreach (var needed in (string[])["submitted_s", "workers"])
        {
            if (!columns.Contains(needed)) throw new FormatException($"line 1 names no column {needed}");
        }
        if (columns.Contains("gpu_seconds") == columns.Contains("steps")) throw new FormatException("line 1 must name one of gpu_seconds and steps");
        return columns;
    }

    private static JobSpec Job(Row row, JobsConfig config, int index)
    {
        var kind = config.Jobs.Kinds[0];
        var workers = (int)row.Number("workers", null, 1, 65_536, whole: true);
        var gpus = (int)row.Number("gpus_per_worker", kind.GpusPerWorker, 1, 64, whole: true);
        var step = row.Number("step_compute_s", kind.StepComputeS, 1e-6, 1e6);
        var least = (int)row.Number("min_workers", 0, 0, workers, whole: true);
        var most = (int)row.Number("max_workers", 0, 0, 65_536, whole: true);
        if (most > 0 && most < workers) throw new FormatException($"line {row.Line}: max_workers {most} is below workers {workers}");
        var unit = row.Has("steps") ? JobWorkUnit.Steps : JobWorkUnit.GpuSeconds;
        var estimate = row.Number("estimate_s", 0, 0, 1e9);
        return JobDraws.Of(kind, workers, 1, unit) with
        {
            Id = row.Text("id") is { Length: > 0 } id ? id : string.Create(CultureInfo.InvariantCulture, $"job-{index:00000}"),
            Kind = "trace",
            Tenant = row.Text("tenant"),
            Priority = (int)row.Number("priority", Math.Round(kind.Priority.Value), 0, 1e6, whole: true),
            SubmittedAt = Ticks.Of(row.Number("submitted_s", null, -1e10, 1e10)),
            GpusPerWorker = gpus,
            LeastWorkers = least,
            MostWorkers = most,
            Work = JobDraws.WorkOf(row.Number(unit == JobWorkUnit.Steps ? "steps" : "gpu_seconds", null, 1e-9, 1e15), unit, workers, gpus, step),
            ComputeSeconds = step,
            GradientBytes = row.Number("gradient_bytes", kind.GradientBytes, 0, 1e15),
            Preemptible = row.Flag("preemptible", kind.PreemptibleShare > 0),
            CheckpointEvery = Ticks.Of(row.Number("checkpoint_s", kind.CheckpointS, 0, 1e9)),
            SaveTicks = Ticks.Of(row.Number("save_s", kind.SaveS, 0, 1e6)),
            StartTicks = Ticks.Of(row.Number("start_s", kind.StartS, 0, 1e6)),
            RestartTicks = Ticks.Of(row.Number("restart_s", kind.RestartS, 0, 1e6)),
            EstimateSeconds = estimate > 0 ? estimate : null,
        };
    }

    private readonly record struct Row(string[] Columns, string[] Fields, int Line)
    {
        public bool Has(string column) => Columns.Contains(column);

        public string Text(string column) => Array.IndexOf(Columns, column) is >= 0 and var at ? Fields[at].Trim() : "";

        public double Number(string column, double? otherwise, double least, double most, bool whole = false)
        {
            var text = Text(column);
            if (text.Length == 0) return otherwise ?? throw new FormatException($"line {Line}: {column} is empty");
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(number >= least && number <= most) || (whole && number != Math.Floor(number)))
                throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {Line}: {column} '{text}' is not {(whole ? "a whole number" : "a number")} from {least} to {most}"));
            return number;
        }

        public bool Flag(string column, bool otherwise) => Text(column) switch
        {
            "" => otherwise,
            "true" or "True" => true,
            "false" or "False" => false,
            var text => throw new FormatException($"line {Line}: {column} '{text}' is neither true nor false"),
        };
    }
}
