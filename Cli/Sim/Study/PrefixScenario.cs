using InferMesh.Cli.Sim.Matrix;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Study;

/// <summary>
/// The shape of llm-d's 73-capacity benchmark: 8 replicas of a 32B model on two H100 each with about 307,000 tokens of KV cache, 150 groups of 5
/// users, a system prompt of 6,000 tokens per group, 1,200 tokens of question, 1,000 of answer. The working set is 73 % of all caches together:
/// it fits when each group stays where it is cached, and does not when it goes anywhere.
/// </summary>
internal static class PrefixScenario
{
    private const double Rps = 9;

    public static IReadOnlyList<MatrixCell> Cells(StudySize size) =>
    [
        Cell(size, "none", new("baseline_rr"), new("power_of_two"), new("least_queue"), new("hybrid_mesh")),
        Cell(size, "approximate", new("baseline_rr"), Prefix(0)),
        Cell(size, "precise", new("baseline_rr"), Prefix(1)),
    ];

    private static StrategyConfig Prefix(double precise) =>
        new("prefix_mesh", new Dictionary<string, double>(StringComparer.Ordinal) { ["precise"] = precise, ["blocks_per_target"] = 19_200 });

    private static MatrixCell Cell(StudySize size, string index, params StrategyConfig[] strategies) => new([("index", index)], new()
    {
        Seed = 1,
        DurationS = size.PrefixSeconds,
        Strategies = strategies,
        Topology = new() { Cells = 1, NodesPerCell = 8, GpuProfiles = [new() { Name = "H100-80G" }] },
        Service = new() { LlmModel = "qwen3-32b", TensorParallel = 2 },
        Workload = new()
        {
            Arrival = new() { Type = ArrivalType.Poisson, Rps = Rps },
            Llm = new() { InTokens = new() { Value = 1_200 }, OutTokens = new() { Value = 1_000 } },
            Sessions = new() { Groups = 150, UsersPerGroup = 5, SystemTokens = 6_000, QuestionsPerUser = 1 },
        },
        SloClasses = [new("chat", 1, TtftS: 2)],
    });
}
