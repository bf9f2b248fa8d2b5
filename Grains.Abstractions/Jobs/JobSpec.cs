namespace InferMesh.Grains.Abstractions.Jobs;

/// <summary>A training job as it is submitted: workers that start together, each with some GPUs of one node, one rank per GPU.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobSpec")]
public sealed record JobSpec
{
    /// <summary>Name for readers, 1 to 128 letters, digits, <c>.</c>, <c>_</c> or <c>-</c>; several jobs may have the same.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Tenant that it is counted for, same form; <c>default</c> when none is given.</summary>
    [Id(1)] public string Tenant { get; init; } = "default";

    /// <summary>Project within the tenant, same form; "" for none.</summary>
    [Id(2)] public string Project { get; init; } = "";

    /// <summary>Priority, 0 to 1000: a higher one goes first, and may preempt lower ones that are preemptible.</summary>
    [Id(3)] public int Priority { get; init; } = 100;

    /// <summary>Workers wanted, 1 to 4096.</summary>
    [Id(4)] public int Workers { get; init; } = 1;

    /// <summary>GPUs of each worker, on one node, 1 to 64.</summary>
    [Id(5)] public int GpusPerWorker { get; init; } = 1;

    /// <summary>Fewest workers that it can run with, 1 to <see cref="Workers"/>; 0 means <see cref="Workers"/>.</summary>
    [Id(6)] public int MinWorkers { get; init; }

    /// <summary>Most workers that it can make use of, <see cref="Workers"/> to 4096; 0 means <see cref="Workers"/>.</summary>
    [Id(7)] public int MaxWorkers { get; init; }

    /// <summary>How its model is spread over its ranks.</summary>
    [Id(8)] public JobParallelism Parallelism { get; init; } = new();

    /// <summary>GPU types that do, such as <c>H100-80G</c>, each with what one GPU of it gets done in a second, in any unit that is the same for all; empty takes every type as equal.</summary>
    [Id(9)] public IReadOnlyDictionary<string, double> GpuTypes { get; init; } = new Dictionary<string, double>();

    /// <summary>Memory that each GPU must have, bytes; 0 takes any.</summary>
    [Id(10)] public long GpuMemoryBytes { get; init; }

    /// <summary>MIG profile of the slices that it runs on, such as <c>3g.40gb</c>, each counting as a GPU; "" runs on whole GPUs.</summary>
    [Id(11)] public string MigProfile { get; init; } = "";

    /// <summary>All workers must lie in one domain of this level; null when they need not.</summary>
    [Id(12)] public JobDomain? RequiredDomain { get; init; }

    /// <summary>All workers should lie in one domain of this level; null when it does not matter.</summary>
    [Id(13)] public JobDomain? PreferredDomain { get; init; }

    /// <summary>Strategy that places it; "" for the default.</summary>
    [Id(14)] public string Strategy { get; init; } = "";

    /// <summary>Whether others may take its place: it is asked for a checkpoint first, and goes on later.</summary>
    [Id(15)] public bool Preemptible { get; init; } = true;

    /// <summary>Reference of its dataset, opaque; "" for none.</summary>
    [Id(16)] public string Dataset { get; init; } = "";

    /// <summary>Where it keeps checkpoints, opaque; "" for none. With none it begins anew after each interruption.</summary>
    [Id(17)] public string CheckpointTo { get; init; } = "";

    /// <summary>Seconds between two checkpoints that the mesh asks for, 1 to 86,400; 0 leaves it to the job.</summary>
    [Id(18)] public double CheckpointEverySeconds { get; init; }

    /// <summary>Seconds that it gets to write a checkpoint and stop, 0 to 3600.</summary>
    [Id(19)] public double GraceSeconds { get; init; } = 30;

    /// <summary>When it should be done; null when it does not matter. A job that runs then goes on, one that waits fails.</summary>
    [Id(20)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>GPU hours after which it is stopped and fails, above 0 to 10^9; null for no limit.</summary>
    [Id(21)] public double? BudgetGpuHours { get; init; }

    /// <summary>Seconds that it is expected to run in all, above 0; null when unknown. With it, it may fill gaps before jobs that wait for more room.</summary>
    [Id(22)] public double? ExpectedSeconds { get; init; }

    /// <summary>Image, opaque: the launcher knows what to make of it; "" for none.</summary>
    [Id(23)] public string Image { get; init; } = "";

    /// <summary>Command of each rank: program and arguments, 1 to 256 texts. Agents run only programs that their operator allows.</summary>
    [Id(24)] public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Environment of each rank beside what the mesh sets, at most 256.</summary>
    [Id(25)] public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>How often it may be started again after its own failures, 0 to 1000. What nodes or operators do to it does not count.</summary>
    [Id(26)] public int MaxRestarts { get; init; } = 3;

    /// <summary>Seconds of computing in a step, as far as known: for the prediction of its steps; null when unknown.</summary>
    [Id(27)] public double? StepComputeSeconds { get; init; }

    /// <summary>Bytes that each rank reduces with the others in a step: for hints to its collectives; null when unknown.</summary>
    [Id(28)] public double? GradientBytes { get; init; }

    /// <summary>Workers that are enough.</summary>
    public int LeastWorkers => MinWorkers > 0 ? MinWorkers : Workers;

    /// <summary>Workers that it can make use of.</summary>
    public int MostWorkers => MaxWorkers > 0 ? MaxWorkers : Workers;
}

/// <summary>How a model is spread over ranks; the product of all divides the number of ranks, data parallelism takes the rest where it is 0.</summary>
/// <param name="Data">Data parallelism; 0 takes what the others leave.</param>
/// <param name="Tensor">Tensor parallelism, 1 or more.</param>
/// <param name="Pipeline">Pipeline parallelism, 1 or more.</param>
/// <param name="Expert">Expert parallelism within data parallelism, 1 or more.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobParallelism")]
public sealed record JobParallelism([property: Id(0)] int Data = 0, [property: Id(1)] int Tensor = 1, [property: Id(2)] int Pipeline = 1, [property: Id(3)] int Expert = 1);

/// <summary>Levels of a fabric, coarsest first.</summary>
[GenerateSerializer, Alias("infermesh.JobDomain")]
public enum JobDomain : byte
{
    /// <summary>Region.</summary>
    Region = 0,

    /// <summary>Zone.</summary>
    Zone,

    /// <summary>Cell.</summary>
    Cell,

    /// <summary>Rack.</summary>
    Rack,

    /// <summary>Nodes whose GPUs reach each other by NVLink: those with the same label <c>nvlink-island</c>, else the node itself.</summary>
    NvlinkIsland,

    /// <summary>Node.</summary>
    Node,
}
