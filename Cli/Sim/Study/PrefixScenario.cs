using InferMesh.Cli.Sim.Matrix;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Study;

/// <summary>
/// The shape of llm-d's 73-capacity benchmark: 8 replicas of a 32B model on two H100 each with about 307,000 tokens of KV cache, 150 groups of 5
/// users, a system prompt of 6,000 tokens per group, 1,200 tokens of question, 1,000 of answer. The working set is 73 % of all caches together:
/// it fits when each group stays where it is cached, and does not when it goes anywhere. Three routers decide, each with an index of its own: what is
/// approximate of it is that each knows only what it sent itself. Requests come at random, or each user asks again as soon as the answer is there.
/// </summary>
internal static class PrefixScenario
{
    private const int Groups = 150, UsersPerGroup = 5, Routers = 3;

    /// <summary>Dimensions of the cells.</summary>
    public static IReadOnlyList<string> Dimensions { get; } = ["load", "index"];

    /// <summary>What the others are compared with: it knows of no prefix.</summary>
    public const string Unaware = "power_of_two";

    private static readonly (string Name, ArrivalConfig Arrival)[] Loads =
    [
        ("12 rps", new() { Type = ArrivalType.Poisson, Rps = 12 }),
        ("15 rps", new() { Type = ArrivalType.Poisson, Rps = 15 }),
        ("750 users", new() { Type = ArrivalType.ClosedLoop, Users = Groups * UsersPerGroup, ThinkTimeS = 0 }),
    ];

    public static IReadOnlyList<MatrixCell> Cells(StudySize size) =>
    [
        .. from load in Loads
           from cell in new[]
           {
               Cell(size, load, "none", new(Unaware), new("least_queue"), new("hybrid_mesh")),
               Cell(size, load, "approximate", Prefix(0)),
               Cell(size, load, "precise", Prefix(1)),
           }
           select cell,
    ];

    private static StrategyConfig Prefix(double precise) =>
        new("prefix_mesh", new Dictionary<string, double>(StringComparer.Ordinal) { ["precise"] = precise, ["blocks_per_target"] = 19_200 });

    // Round robin runs in every cell of a matrix: verdicts are against it.
    private static MatrixCell Cell(StudySize size, (string Name, ArrivalConfig Arrival) load, string index, params StrategyConfig[] strategies) =>
        new([(Dimensions[0], load.Name), (Dimensions[1], index)], new()
        {
            Seed = 1,
            DurationS = size.PrefixSeconds,
            Strategies = [new("baseline_rr"), .. strategies],
            Routers = new() { Count = Routers },
            Topology = new() { Cells = 1, NodesPerCell = 8, GpuProfiles = [new() { Name = "H100-80G" }] },
            Service = new() { LlmModel = "qwen3-32b", TensorParallel = 2 },
            Workload = new()
            {
                Arrival = load.Arrival,
                Llm = new() { InTokens = new() { Value = 1_200 }, OutTokens = new() { Value = 1_000 } },
                Sessions = new() { Groups = Groups, UsersPerGroup = UsersPerGroup, SystemTokens = 6_000, QuestionsPerUser = 1 },
            },
            SloClasses = [new("chat", 1, TtftS: 2)],
        });
}
