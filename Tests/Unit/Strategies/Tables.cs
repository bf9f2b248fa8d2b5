using InferMesh.Strategies;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Strategies;

/// <summary>Small routing tables for tests.</summary>
internal static class Tables
{
    public const string Model = "m";

    /// <summary>A moment well after the epoch, so that ages and histories are ordinary.</summary>
    public static readonly long NowTicks = new DateTime(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>All strategies of the catalogue with their defaults.</summary>
    public static IEnumerable<object[]> Strategies => StrategyCatalog.All.Select(s => new object[] { s.Name });

    public static long Before(double seconds) => NowTicks - (long)(seconds * TimeSpan.TicksPerSecond);

    /// <summary>An idle, ready target of known capability whose reading is 100 ms old.</summary>
    public static TargetRow Row(string node, string zone = "a", string domain = "") => new()
    {
        Identity = Identity(node, zone, domain),
        Local = new(),
        Running = 0,
        Waiting = 0,
        KvCacheUsage = 0,
        MaxConcurrency = 64,
        PrefillTokensPerSecond = 10_000,
        DecodeTokensPerSecond = 2_000,
        MinSecondsPerToken = 0.01,
        RttSeconds = 0.001,
        PricePerHour = 2,
        SampledAtTicks = Before(0.1),
    };

    public static TargetIdentity Identity(string node, string zone = "a", string domain = "") => new(
        node, "cell", zone, "region", domain.Length > 0 ? domain : node, "vllm", $"http://{node}", "H100-80G", true, new Dictionary<string, string> { ["pool"] = zone });

    public static TargetRow[] Equal(int count) => [.. Enumerable.Range(0, count).Select(i => Row($"n{i:000}"))];

    public static RoutingTable Table(IEnumerable<TargetRow> rows, params PolicyRule[] rules) => new(1, [new(Model, rows)], new(rules));

    public static RoutingRequest Request(int maxTargets = 3) => new() { Model = Model, PromptTokens = 500, OutputTokens = 200, MaxTargets = maxTargets };

    public static PolicyRule Rule(string name, int priority = 0, PolicyMatch? match = null) => new(name, 1, priority, match ?? PolicyMatch.Everything);

    public static Decision Decide(RoutingTable table, string strategy = StrategyCatalog.Default, RoutingRequest? request = null, ulong sequence = 0, ulong seed = 0, bool explain = false) =>
        DecisionKernel.Decide(table, request ?? Request(), NowTicks, sequence, seed, explain, StrategyCatalog.Create(strategy));

    public static string[] Nodes(this Decision decision) => [.. decision.Choices.Select(c => c.Identity.NodeId)];

    public static string First(this Decision decision) => decision.Choices[0].Identity.NodeId;
}
