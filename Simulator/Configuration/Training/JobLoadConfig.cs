using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration.Training;

/// <summary>What is submitted.</summary>
public sealed record JobLoadConfig
{
    /// <summary>Jobs, 1 or more; without effect with a trace, which has as many as it has rows.</summary>
    [In("[1, 1e6]")]
    public int Count { get; init; } = 100;

    /// <summary>When they are submitted.</summary>
    public JobArrivalConfig Arrival { get; init; } = new();

    /// <summary>Kinds of jobs, mixed by share; at least one. A trace takes what its rows leave out from the first.</summary>
    public IReadOnlyList<JobKindConfig> Kinds { get; init; } = [new()];
}

/// <summary>Kinds of arrivals.</summary>
public enum JobArrivalType
{
    /// <summary>Exponential gaps.</summary>
    [Keys("per_hour")]
    Poisson,

    /// <summary>All at the beginning.</summary>
    [Keys]
    AllAtOnce,

    /// <summary>Rows of a CSV file.</summary>
    [Keys("file!", "speed")]
    Trace,
}

/// <summary>When jobs are submitted.</summary>
[Kind("type")]
public sealed record JobArrivalConfig
{
    /// <summary>Kind; it decides which of the other keys may be given.</summary>
    public JobArrivalType Type { get; init; } = JobArrivalType.Poisson;

    /// <summary>Jobs per hour (poisson).</summary>
    [In("(0, 1e6]")]
    public double PerHour { get; init; } = 20;

    /// <summary>CSV file of the trace; its columns are in docs/simulator.md. Relative to the configuration; a leading <c>${NAME}</c> is an environment variable.</summary>
    public string? File { get; init; }

    /// <summary>Speed-up of a trace.</summary>
    [In("(0, 1e6]")]
    public double Speed { get; init; } = 1;
}

/// <summary>What a job's work is counted in.</summary>
public enum JobWorkUnit
{
    /// <summary>Seconds of computing by one GPU of pace 1, the exchange not counted.</summary>
    GpuSeconds,

    /// <summary>Steps of all the workers that it should have.</summary>
    Steps,
}

/// <summary>One kind of job.</summary>
public sealed record JobKindConfig
{
    /// <summary>Name.</summary>
    public string Name { get; init; } = "job";

    /// <summary>Weight among the kinds, more than 0.</summary>
    [In("(0, 1e9]")]
    public double Share { get; init; } = 1;

    /// <summary>Workers that it should have, rounded and cut to 1 to <see cref="WorkersLimit"/>.</summary>
    public DistConfig Workers { get; init; } = new() { Value = 4 };

    /// <summary>Most workers that are drawn.</summary>
    [In("[1, 65536]")]
    public int WorkersLimit { get; init; } = 1024;

    /// <summary>GPUs of each worker, on one node.</summary>
    [In("[1, 64]")]
    public int GpusPerWorker { get; init; } = 1;

    /// <summary>GPU types that do; none means all.</summary>
    public IReadOnlyList<string> GpuTypes { get; init; } = [];

    /// <summary>Memory that each GPU must have in GB; 0 takes any.</summary>
    [In("[0, 1e4]")]
    public double MemoryGb { get; init; }

    /// <summary>How much there is to do, more than 0 (what is drawn below a step of one worker is raised to it).</summary>
    public DistConfig Work { get; init; } = new() { Value = 14_400 };

    /// <summary>What work is counted in.</summary>
    public JobWorkUnit WorkUnit { get; init; } = JobWorkUnit.GpuSeconds;

    /// <summary>Seconds of computing in a step on a GPU of pace 1.</summary>
    [In("[0.000001, 1e6]")]
    public double StepComputeS { get; init; } = 0.5;

    /// <summary>Bytes that each rank reduces with the others in a step.</summary>
    [In("[0, 1e15]")]
    public double GradientBytes { get; init; }

    /// <summary>Share of its jobs that run with fewer workers when they must, and with more when they may; 0 to 1.</summary>
    [In("[0, 1]")]
    public double ElasticShare { get; init; }

    /// <summary>Least workers of an elastic job over what it should have.</summary>
    [In("(0, 1]")]
    public double ElasticLeast { get; init; } = 0.5;

    /// <summary>Most workers of an elastic job over what it should have.</summary>
    [In("[1, 64]")]
    public double ElasticMost { get; init; } = 2;

    /// <summary>Priority, rounded; a higher one goes first.</summary>
    public DistConfig Priority { get; init; } = new() { Value = 100 };

    /// <summary>Share of its jobs that may be preempted, 0 to 1.</summary>
    [In("[0, 1]")]
    public double PreemptibleShare { get; init; } = 1;

    /// <summary>Seconds between checkpoints, which are written beside the computing; 0 means none.</summary>
    [In("[0, 1e9]")]
    public double CheckpointS { get; init; } = 1800;

    /// <summary>Seconds to save before it leaves its place.</summary>
    [In("[0, 1e6]")]
    public double SaveS { get; init; } = 20;

    /// <summary>Seconds until it runs, the first time.</summary>
    [In("[0, 1e6]")]
    public double StartS { get; init; } = 30;

    /// <summary>Seconds until it runs, after it was stopped or moved.</summary>
    [In("[0, 1e6]")]
    public double RestartS { get; init; } = 60;
}

/// <summary>A tenant.</summary>
public sealed record JobTenantConfig
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Weight of its jobs among all, more than 0.</summary>
    [In("(0, 1e9]")]
    public double Share { get; init; } = 1;

    /// <summary>Weight of its fair share, more than 0.</summary>
    [In("(0, 1e9]")]
    public double Weight { get; init; } = 1;

    /// <summary>GPUs that its jobs may have at once; null for no limit.</summary>
    [In("[1, 1e9]")]
    public int? MaxGpus { get; init; }
}
