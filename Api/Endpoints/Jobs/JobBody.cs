using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>A job as it is submitted; only name and command are required.</summary>
internal sealed record JobBody : JobSpecView
{
    private static readonly JobSpec Defaults = new() { Name = "" };

    /// <summary>The content for the grain, which checks it as a whole; here is checked only what its types cannot carry.</summary>
    public JobSpec Read(BodyReader reader) => new()
    {
        Name = Name ?? "",
        Tenant = string.IsNullOrEmpty(Tenant) ? Defaults.Tenant : Tenant,
        Project = Project ?? "",
        Priority = Priority ?? Defaults.Priority,
        Workers = Workers ?? Defaults.Workers,
        GpusPerWorker = GpusPerWorker ?? Defaults.GpusPerWorker,
        MinWorkers = MinWorkers ?? 0,
        MaxWorkers = MaxWorkers ?? 0,
        Parallelism = Parallelism?.ToContract() ?? Defaults.Parallelism,
        GpuTypes = Numbers(reader, "gpuTypes", GpuTypes),
        GpuMemoryBytes = GpuMemoryBytes ?? 0,
        MigProfile = MigProfile ?? "",
        RequiredDomain = RequiredDomain,
        PreferredDomain = PreferredDomain,
        Strategy = Strategy ?? "",
        Preemptible = Preemptible ?? Defaults.Preemptible,
        Dataset = Dataset ?? "",
        CheckpointTo = CheckpointTo ?? "",
        CheckpointEverySeconds = CheckpointEverySeconds ?? 0,
        GraceSeconds = GraceSeconds ?? Defaults.GraceSeconds,
        Deadline = Deadline,
        BudgetGpuHours = BudgetGpuHours,
        ExpectedSeconds = ExpectedSeconds,
        Image = Image ?? "",
        Command = reader.List("command", Command),
        Environment = reader.Map("environment", Environment),
        MaxRestarts = MaxRestarts ?? Defaults.MaxRestarts,
        StepComputeSeconds = StepComputeSeconds,
        GradientBytes = GradientBytes,
    };

    private static Dictionary<string, double> Numbers(BodyReader reader, string field, IReadOnlyDictionary<string, double?>? values)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (key, value) in values ?? new Dictionary<string, double?>())
        {
            if (value is { } number) numbers[key] = number;
            else reader.Refuse($"{field}.{key}", "must be a number.");
        }
        return numbers;
    }
}

/// <summary>Why a job is paused or cancelled.</summary>
internal sealed record JobReasonBody
{
    /// <summary>Reason, at most 256 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>How many workers a job should have.</summary>
internal sealed record JobScaleBody
{
    /// <summary>Workers, within the job's minWorkers and maxWorkers. Required.</summary>
    public int? Workers { get; init; }
}
