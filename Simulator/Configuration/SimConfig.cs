using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration;

/// <summary>One simulation as a user writes it (YAML, snake_case keys). What is missing has the default given here. Everything simulated is synthetic.</summary>
public sealed record SimConfig
{
    /// <summary>Seed of all streams of randomness; equal configuration and seed give byte-identical results.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Horizon in seconds, more than 0: nothing happens after it.</summary>
    [In("(0, 1e9]")]
    public double DurationS { get; init; } = 300;

    /// <summary>Strategies to run, each over the same requests; at least one.</summary>
    public IReadOnlyList<StrategyConfig> Strategies { get; init; } = [new("baseline_rr"), new("mesh")];

    /// <summary>What arrives.</summary>
    public WorkloadConfig Workload { get; init; } = new();

    /// <summary>What serves.</summary>
    public TopologyConfig Topology { get; init; } = new();

    /// <summary>How far apart things are.</summary>
    public NetworkConfig Network { get; init; } = new();

    /// <summary>How old the routers' view is.</summary>
    public SignalsConfig Signals { get; init; } = new();

    /// <summary>How a node serves.</summary>
    public ServiceConfig Service { get; init; } = new();

    /// <summary>Who decides.</summary>
    public RoutersConfig Routers { get; init; } = new();

    /// <summary>When a second copy is sent, for strategies that hedge.</summary>
    public HedgingConfig Hedging { get; init; } = new();

    /// <summary>What breaks.</summary>
    public FailuresConfig Failures { get; init; } = new();

    /// <summary>Latency goals by class.</summary>
    public IReadOnlyList<SloClassConfig> SloClasses { get; init; } = [];
}

/// <summary>A strategy and its parameters, as in a routing policy.</summary>
/// <param name="Name">Name in the catalogue, <c>oracle</c>, or the name of a plugin that is given to the run.</param>
/// <param name="Parameters">Parameters that differ from their defaults.</param>
/// <param name="Fallback">Of a plugin: strategy of the catalogue that answers where the plugin does not; none is hybrid_mesh.</param>
[ShortForm("name")]
public sealed record StrategyConfig(string Name, IReadOnlyDictionary<string, double>? Parameters = null, string? Fallback = null);

/// <summary>How a node serves.</summary>
public sealed record ServiceConfig
{
    /// <summary>Service model of all nodes.</summary>
    public ServiceModel Model { get; init; } = ServiceModel.ContinuousBatching;

    /// <summary>Name of the LLM in the catalogue of calibrated profiles, such as <c>llama-3.1-8b</c> (continuous batching).</summary>
    public string LlmModel { get; init; } = "llama-3.1-8b";

    /// <summary>GPUs of one replica, 1, 2, 4 or 8 (continuous batching).</summary>
    [In("[1, 8]")]
    public int TensorParallel { get; init; } = 1;

    /// <summary>Tokens of one step, 1 or more; 0 takes the profile's (continuous batching).</summary>
    [In("[0, 1e6]")]
    public int MaxBatchedTokens { get; init; }

    /// <summary>Sequences of one step, 1 or more; 0 takes the profile's (continuous batching).</summary>
    [In("[0, 1e5]")]
    public int MaxSequences { get; init; }

    /// <summary>Whether KV blocks of equal prefixes are shared (continuous batching).</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>Share of nodes that only prefill; the others then only decode. 0 is no disaggregation (continuous batching).</summary>
    [In("[0, 0.99]")]
    public double PrefillShare { get; init; }

    /// <summary>Bytes per second of a KV transfer from a prefill to a decode node of its cell; between cells no more than the network's.</summary>
    [In("(0, ]")]
    public double KvTransferBytesPerSecond { get; init; } = 25e9;

    /// <summary>Fixed seconds of a KV transfer; between cells half a round trip more.</summary>
    [In("[0, 60]")]
    public double KvTransferSeconds { get; init; } = 50e-6;
}

/// <summary>Service models.</summary>
public enum ServiceModel
{
    /// <summary>Iteration-level batching with a step-time model.</summary>
    ContinuousBatching,

    /// <summary>The original's profile fields with honest timers and a shared rate.</summary>
    TokenRate,

    /// <summary><see cref="TokenRate"/> with the original's two bugs: batches never released, no batch timer.</summary>
    ReferenceBugs,
}

/// <summary>Who decides.</summary>
public sealed record RoutersConfig
{
    /// <summary>Routers, each with its own counters and strategy state, 1 or more; arrivals go to them in turn, cell by cell.</summary>
    [In("[1, 4096]")]
    public int Count { get; init; } = 1;

    /// <summary>Seconds that every decision takes; null takes each strategy's own figure.</summary>
    [In("[0, 10]")]
    public double? DecisionCostS { get; init; }
}

/// <summary>When a second copy is sent.</summary>
public sealed record HedgingConfig
{
    /// <summary>Delay as a share of the SLO, 0 to 1 (the original's alpha), or null for the planner's own delay.</summary>
    [In("[0, 1]")]
    public double? Alpha { get; init; }

    /// <summary>Most hedges as a share of requests, 0 to 1.</summary>
    [In("[0, 1]")]
    public double BudgetShare { get; init; } = 0.05;
}

/// <summary>What breaks.</summary>
public sealed record FailuresConfig
{
    /// <summary>Mean seconds between failures of one node; 0 means none.</summary>
    [In("[0, ]")]
    public double MeanTimeBetweenS { get; init; }

    /// <summary>Mean seconds of a repair, more than 0.</summary>
    [In("(0, ]")]
    public double MeanRepairS { get; init; } = 60;
}

/// <summary>Latency goals of a class of requests.</summary>
/// <param name="Name">Name of the class.</param>
/// <param name="Share">Share of requests, 0 to 1; all shares sum to 1.</param>
/// <param name="TtftS">Goal for the time to first token in seconds; null when none.</param>
/// <param name="TpotS">Goal for the time per output token in seconds; null when none.</param>
/// <param name="E2eS">Goal for the whole request in seconds; null when none.</param>
public sealed record SloClassConfig(
    string Name,
    [property: In("[0, 1]")] double Share,
    [property: In("(0, 1e9]")] double? TtftS = null,
    [property: In("(0, 1e9]")] double? TpotS = null,
    [property: In("(0, 1e9]")] double? E2eS = null);
