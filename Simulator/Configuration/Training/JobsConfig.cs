using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration.Training;

/// <summary>A simulation of training jobs as a user writes it (YAML, snake_case keys). What is missing has the default given here. Everything simulated is synthetic.</summary>
public sealed record JobsConfig
{
    /// <summary>Seed of all streams of randomness; equal configuration and seed give byte-identical results.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Strategies that place jobs, each over the same jobs, failures and demand; none means all of the catalogue.</summary>
    public IReadOnlyList<string> Strategies { get; init; } = [];

    /// <summary>What jobs run on.</summary>
    public JobFleetConfig Fleet { get; init; } = new();

    /// <summary>Nodes of serving that are lent while it does not need them.</summary>
    public JobServingConfig Serving { get; init; } = new();

    /// <summary>What is submitted.</summary>
    public JobLoadConfig Jobs { get; init; } = new();

    /// <summary>Whose jobs they are; none means one tenant.</summary>
    public IReadOnlyList<JobTenantConfig> Tenants { get; init; } = [];

    /// <summary>What owners say of how long their jobs take.</summary>
    public JobEstimatesConfig Estimates { get; init; } = new();

    /// <summary>Nodes that break.</summary>
    public FailuresConfig Failures { get; init; } = new();

    /// <summary>Links that become slow.</summary>
    public JobSlowLinksConfig SlowLinks { get; init; } = new();

    /// <summary>Knobs of the scheduler, as of the live one.</summary>
    public JobSchedulerConfig Scheduler { get; init; } = new();
}

/// <summary>What owners say of how long their jobs take.</summary>
public sealed record JobEstimatesConfig
{
    /// <summary>Share of jobs whose owner says anything, 0 to 1.</summary>
    [In("[0, 1]")]
    public double KnownShare { get; init; } = 1;

    /// <summary>Standard deviation of the logarithm of what they say over what it takes in the best place; 0 is exact.</summary>
    [In("[0, 5]")]
    public double Sigma { get; init; }
}

/// <summary>Links that become slow for a while: those of nodes, of racks to others, of zones to others; all are hit alike.</summary>
public sealed record JobSlowLinksConfig
{
    /// <summary>Mean seconds between two times that one link becomes slow; 0 means never.</summary>
    [In("[0, ]")]
    public double MeanTimeBetweenS { get; init; }

    /// <summary>Mean seconds until it is well again, more than 0.</summary>
    [In("(0, 1e9]")]
    public double MeanDurationS { get; init; } = 1800;

    /// <summary>How much longer a byte takes meanwhile, 1 or more.</summary>
    [In("[1, 1e4]")]
    public double Factor { get; init; } = 4;
}

/// <summary>Knobs of the scheduler.</summary>
public sealed record JobSchedulerConfig
{
    /// <summary>Seconds between plans that nothing but time causes; each event causes one at once.</summary>
    [In("[1, 86400]")]
    public double PeriodS { get; init; } = 300;

    /// <summary>Whether jobs may be preempted by ones of higher priority.</summary>
    public bool Preempt { get; init; } = true;

    /// <summary>Whether room is kept for the first job that finds none (EASY backfill).</summary>
    public bool Reserve { get; init; } = true;

    /// <summary>Seconds that a job must have waited before others are moved closer together for it.</summary>
    [In("[0, 1e9]")]
    public double ConsolidateAfterS { get; init; } = 300;

    /// <summary>Seconds that a job must have been in its place before it is made larger or moved to a better one.</summary>
    [In("[0, 1e9]")]
    public double SettledAfterS { get; init; } = 120;

    /// <summary>What a job gains by a move must be so many times what it costs.</summary>
    [In("[0, 1e6]")]
    public double GainOverCost { get; init; } = 2;

    /// <summary>Jobs that a plan looks at.</summary>
    [In("[1, 1e6]")]
    public int MaxConsidered { get; init; } = 256;

    /// <summary>Seconds after which half of a tenant's use is forgotten.</summary>
    [In("[1, 1e9]")]
    public double UsageHalfLifeS { get; init; } = 86_400;

    /// <summary>Simulated seconds after which a run that has not ended is given up.</summary>
    [In("[1, 1e9]")]
    public double HorizonS { get; init; } = 1e8;
}
