using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies;

/// <summary>One line of the catalogue.</summary>
internal sealed record StrategyEntry(StrategyDescription Description, Func<IReadOnlyDictionary<string, double>, IRoutingStrategy> Factory);

/// <summary>The lines of the catalogue.</summary>
internal static class StrategyEntries
{
    private static readonly StrategyParameter[] CostParameters =
    [
        new("network_weight", "", 1, 0, 100, "Weight of the network term."),
        new("cold_start_weight", "", 1, 0, 100, "Weight of the cold-start term."),
        new("seconds_per_dollar", "s/USD", 0, 0, 1e6, "Seconds that one US dollar of GPU time is worth; 0 leaves money out."),
        new("throughput_weight", "", 1, 0, 10, "What a second that other requests lose is worth; 0 is best for each request alone."),
        new("uncertainty_per_second", "1/s", 0.02, 0, 1, "Share of the estimate that is added per second of a reading's age."),
    ];

    private static readonly StrategyParameter LearningRate = new("learning_rate", "", 0.05, 0.001, 1, "Weight of the newest answer in what is learned.");
    private static readonly StrategyParameter MaxCorrection = new("max_correction", "", 1.5, 1, 8, "Largest factor by which what is learned changes an expected time, up or down.");

    private static readonly StrategyParameter MemorySeconds = new("memory_seconds", "s", 120, 1, 86_400, "Seconds without an answer after which what was learned of a target counts half.");

    public static StrategyEntry[] All { get; } =
    [
        new(new("baseline_rr", "Round robin over the eligible targets.", [], DecisionCostSeconds: 1e-6), _ => new BaselineRoundRobin()),
        new(new("power_of_two", "The one of two random targets that has fewer requests.", [], DecisionCostSeconds: 1e-6), _ => new PowerOfTwo()),
        new(new("least_queue", "Fewest requests, running and waiting.", []), _ => new LeastQueue()),
        new(
            new("heuristic", "Weighted sum of queue, KV-cache and batch shares.",
            [
                new("queue_weight", "", 0.4, 0, 100, "Weight of the queue share."),
                new("kv_weight", "", 0.3, 0, 100, "Weight of the KV-cache share."),
                new("batch_weight", "", 0.3, 0, 100, "Weight of the batch share."),
            ]),
            p => new Heuristic(p["queue_weight"], p["kv_weight"], p["batch_weight"])),
        new(new("mesh", "Least expected time: queue, prefill, decode, network, cold start and money in seconds.", CostParameters), p => new Mesh(Cost(p))),
        new(
            new("mesh_hedge", "The mesh with a second attempt when the first token is later than a learned quantile.",
            [.. CostParameters, new("hedge_quantile", "", 0.95, 0.5, 0.999, "Share of first tokens that come before the second attempt is sent.")], Hedges: true),
            p => new MeshHedge(Cost(p), p["hedge_quantile"])),
        new(
            new("mesh_stale", "The mesh without readings beyond a limit of age.",
            [
                .. CostParameters,
                new("max_age_seconds", "s", 2, 0, 60, "Age beyond which a reading counts as none."),
                new("assumed_occupancy", "", 0.5, 0, 1, "Share of the batch that is taken to be busy where no reading counts."),
            ]),
            p => new MeshStale(Cost(p), p["max_age_seconds"], p["assumed_occupancy"])),
        new(
            new("adaptive_mesh", "The mesh with a will to balance that grows with the measured pressure.",
            [
                .. CostParameters,
                new("balance_weight", "", 0.5, 0, 100, "Weight of a target's occupancy at pressure 1; grows with the square of pressure."),
                new("spread_weight", "", 0.25, 0, 100, "Weight of this router's own share of a target at pressure 1; grows with pressure."),
                new("smoothing_seconds", "s", 1, 0, 60, "Time constant of the measured pressure."),
            ]),
            p => new AdaptiveMesh(Cost(p), p["balance_weight"], p["spread_weight"], p["smoothing_seconds"])),
        new(
            new("predictive_mesh", "The mesh on the load forecast for the moment a request starts.",
            [
                .. CostParameters,
                new("trend_smoothing", "", 0.3, 0, 1, "Weight of a new reading in the trend of a target's load."),
                new("rate_seconds", "s", 5, 0.1, 600, "Time constant of the rates of dispatch and completion."),
                new("horizon_seconds", "s", 5, 0, 60, "Furthest look ahead, the age of the reading included."),
            ], DecisionCostSeconds: 20e-6),
            p => new PredictiveMesh(Cost(p), new(p["trend_smoothing"], p["rate_seconds"], p["horizon_seconds"]))),
        new(
            new("hybrid_mesh", "Latency, what it costs others, and money in seconds, corrected by what past answers took.",
            [
                .. CostParameters.Select(c => c.Name == "seconds_per_dollar" ? c with { Default = 100 } : c),
                LearningRate,
                MaxCorrection,
                MemorySeconds,
                new("tail_weight", "", 0.25, 0, 10, "Standard deviations of lateness added to queue and prefill."),
                new("failure_seconds", "s", 5, 0, 600, "Seconds that a failed attempt costs."),
            ], DecisionCostSeconds: 20e-6),
            p => new HybridMesh(
                Cost(p), new(p["learning_rate"], p["max_correction"], p["memory_seconds"]), p["tail_weight"], p["failure_seconds"])),
        new(
            new("ml_enhanced_mesh", "The mesh times an online latency model with bounded exploration.",
            [
                .. CostParameters,
                LearningRate,
                MaxCorrection,
                MemorySeconds,
                new("exploration", "", 0.1, 0, 1, "How far seeded chance moves the model, in its own doubts."),
                new("min_answers", "", 50, 1, 1e6, "Answers before the model counts."),
            ], DecisionCostSeconds: 30e-6),
            p => new MlEnhancedMesh(Cost(p), new(p["learning_rate"], p["memory_seconds"]), p["exploration"], p["max_correction"], p["min_answers"])),
        new(
            new("prefix_mesh", "The mesh that counts the prefill saved where the start of the prompt is cached.",
            [
                .. CostParameters,
                new("precise", "", 0, 0, 1, "1 listens to KV events of the engines, 0 goes by what was sent where."),
                new("blocks_per_target", "", 31_250, 16, 10_000_000, "Blocks of 16 tokens that one target's cache holds."),
                new("prefix_weight", "", 1, 0, 1.33, "Weight of the prefill that a match saves."),
                new("gate_seconds", "s", 10, 0, 600, "Seconds by which the first token of a match may come later than the best without."),
            ], DecisionCostSeconds: 30e-6),
            p => new PrefixMesh(
                Cost(p), new((int)p["blocks_per_target"], p["precise"] >= 0.5), p["prefix_weight"], p["gate_seconds"])),
    ];

    private static CostModel Cost(IReadOnlyDictionary<string, double> p) => new()
    {
        NetworkWeight = p["network_weight"],
        ColdStartWeight = p["cold_start_weight"],
        SecondsPerDollar = p["seconds_per_dollar"],
        ThroughputWeight = p["throughput_weight"],
        UncertaintyPerSecond = p["uncertainty_per_second"],
    };
}
