using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>What a job is: workers that start together, each with some GPUs of one node, one rank per GPU. What was submitted may be submitted again.</summary>
internal record JobSpecView
{
    /// <summary>Name for readers, 1 to 128 letters, digits, '.', '_' or '-'; several jobs may have the same. Required.</summary>
    public string? Name { get; init; }

    /// <summary>Tenant that it is counted for. Default `default`.</summary>
    public string? Tenant { get; init; }

    /// <summary>Project within the tenant.</summary>
    public string? Project { get; init; }

    /// <summary>Priority, 0 to 1000: a higher one goes first, and may preempt lower ones that are preemptible. Default 100.</summary>
    public int? Priority { get; init; }

    /// <summary>Workers wanted, 1 to 4096. Default 1.</summary>
    public int? Workers { get; init; }

    /// <summary>GPUs of each worker, on one node, 1 to 64. Default 1.</summary>
    public int? GpusPerWorker { get; init; }

    /// <summary>Fewest workers that it can run with. Default `workers`.</summary>
    public int? MinWorkers { get; init; }

    /// <summary>Most workers that it can make use of, up to 4096. Default `workers`.</summary>
    public int? MaxWorkers { get; init; }

    /// <summary>How its model is spread over its ranks. Default: data parallelism alone.</summary>
    public JobParallelismView? Parallelism { get; init; }

    /// <summary>GPU types that do, such as H100-80G, each with what one GPU of it gets done in a second, in any unit that is the same for all; by default every type does, and all as well.</summary>
    public IReadOnlyDictionary<string, double?>? GpuTypes { get; init; }

    /// <summary>Memory that each GPU must have, bytes.</summary>
    public long? GpuMemoryBytes { get; init; }

    /// <summary>MIG profile of the slices that it runs on, such as 3g.40gb, each counting as a GPU; by default it runs on whole GPUs.</summary>
    public string? MigProfile { get; init; }

    /// <summary>All workers must lie in one domain of this level.</summary>
    public JobDomain? RequiredDomain { get; init; }

    /// <summary>All workers should lie in one domain of this level.</summary>
    public JobDomain? PreferredDomain { get; init; }

    /// <summary>Strategy that places it.</summary>
    public string? Strategy { get; init; }

    /// <summary>Whether others may take its place: it is asked for a checkpoint first, and goes on later. Default true.</summary>
    public bool? Preemptible { get; init; }

    /// <summary>Reference of its dataset, opaque.</summary>
    public string? Dataset { get; init; }

    /// <summary>Where it keeps checkpoints, opaque. Without, it begins anew after each interruption.</summary>
    public string? CheckpointTo { get; init; }

    /// <summary>Seconds between two checkpoints that the mesh asks for, 1 to 86400; by default that is left to the job.</summary>
    public double? CheckpointEverySeconds { get; init; }

    /// <summary>Seconds that it gets to write a checkpoint and stop, 0 to 3600. Default 30.</summary>
    public double? GraceSeconds { get; init; }

    /// <summary>When it should be done: one that waits then fails.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>GPU hours after which it is stopped and fails, above 0 to 10^9.</summary>
    public double? BudgetGpuHours { get; init; }

    /// <summary>Seconds that it is expected to run in all, above 0. With it, it may fill gaps before jobs that wait for more room.</summary>
    public double? ExpectedSeconds { get; init; }

    /// <summary>Image, opaque: the agents know what to make of it.</summary>
    public string? Image { get; init; }

    /// <summary>Command of each rank: program and arguments, 1 to 256 texts. Required; absent in lists.</summary>
    public IReadOnlyList<string?>? Command { get; init; }

    /// <summary>Environment of each rank beside what the mesh sets, at most 256 entries; absent in lists.</summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; init; }

    /// <summary>How often it may be started again after its own failures, 0 to 1000. Default 3.</summary>
    public int? MaxRestarts { get; init; }

    /// <summary>Seconds of computing in a step, for the prediction of its steps.</summary>
    public double? StepComputeSeconds { get; init; }

    /// <summary>Bytes that each rank reduces with the others in a step, for hints to its collectives.</summary>
    public double? GradientBytes { get; init; }

    public static JobSpecView Of(JobSpec spec) => new()
    {
        Name = spec.Name,
        Tenant = spec.Tenant,
        Project = Views.Known(spec.Project),
        Priority = spec.Priority,
        Workers = spec.Workers,
        GpusPerWorker = spec.GpusPerWorker,
        MinWorkers = spec.MinWorkers == 0 ? null : spec.MinWorkers,
        MaxWorkers = spec.MaxWorkers == 0 ? null : spec.MaxWorkers,
        Parallelism = JobParallelismView.Of(spec.Parallelism),
        GpuTypes = spec.GpuTypes.Count == 0 ? null : spec.GpuTypes.ToDictionary(t => t.Key, t => (double?)t.Value),
        GpuMemoryBytes = spec.GpuMemoryBytes == 0 ? null : spec.GpuMemoryBytes,
        MigProfile = Views.Known(spec.MigProfile),
        RequiredDomain = spec.RequiredDomain,
        PreferredDomain = spec.PreferredDomain,
        Strategy = Views.Known(spec.Strategy),
        Preemptible = spec.Preemptible,
        Dataset = Views.Known(spec.Dataset),
        CheckpointTo = Views.Known(spec.CheckpointTo),
        CheckpointEverySeconds = spec.CheckpointEverySeconds == 0 ? null : spec.CheckpointEverySeconds,
        GraceSeconds = spec.GraceSeconds,
        Deadline = spec.Deadline,
        BudgetGpuHours = spec.BudgetGpuHours,
        ExpectedSeconds = spec.ExpectedSeconds,
        Image = Views.Known(spec.Image),
        Command = spec.Command.Count == 0 ? null : spec.Command,
        Environment = spec.Environment.Count == 0 ? null : spec.Environment.ToDictionary(e => e.Key, e => (string?)e.Value),
        MaxRestarts = spec.MaxRestarts,
        StepComputeSeconds = spec.StepComputeSeconds,
        GradientBytes = spec.GradientBytes,
    };
}

/// <summary>How a model is spread over ranks.</summary>
internal sealed record JobParallelismView
{
    /// <summary>Data parallelism; by default what the others leave.</summary>
    public int? Data { get; init; }

    /// <summary>Tensor parallelism, 1 or more. Default 1.</summary>
    public int? Tensor { get; init; }

    /// <summary>Pipeline parallelism, 1 or more. Default 1.</summary>
    public int? Pipeline { get; init; }

    /// <summary>Expert parallelism within data parallelism, 1 or more. Default 1.</summary>
    public int? Expert { get; init; }

    public JobParallelism ToContract() => new(Data ?? 0, Tensor ?? 1, Pipeline ?? 1, Expert ?? 1);

    public static JobParallelismView Of(JobParallelism parallelism) => new()
    {
        Data = parallelism.Data == 0 ? null : parallelism.Data,
        Tensor = parallelism.Tensor,
        Pipeline = parallelism.Pipeline,
        Expert = parallelism.Expert,
    };
}
