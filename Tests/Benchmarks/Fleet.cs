using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Benchmarks;

/// <summary>A made-up fleet with mixed capability and load; the same for every benchmark.</summary>
internal static class Fleet
{
    public const string Model = "model";

    public static readonly long NowTicks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private static readonly Dictionary<string, string> NoLabels = [];

    public static TargetRow[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new TargetRow
    {
        Identity = new($"node-{i:000000}", $"cell-{i / 1000}", $"zone-{i % 3}", "region", $"rack-{i / 8}", "vllm", $"http://node-{i}", "H100-80G", true, NoLabels),
        Local = new(),
        Running = i * 7919 % 61,
        Waiting = i * 104729 % 5,
        KvCacheUsage = i * 31 % 100 / 100.0,
        MaxConcurrency = 64 + i % 3 * 96,
        PrefillTokensPerSecond = 10_000 + i % 5 * 6_000,
        DecodeTokensPerSecond = 2_000 + i % 4 * 2_000,
        MinSecondsPerToken = 0.008 + i % 3 * 0.008,
        RttSeconds = 0.0005 * (1 + i % 7),
        PricePerHour = 1 + i % 3,
        SampledAtTicks = NowTicks - i % 1000 * TimeSpan.TicksPerMillisecond,
    })];

    public static RoutingTable Table(int count) => new(1, [new(Model, Rows(count))], PolicySet.Empty);

    public static RoutingRequest Request { get; } = new() { Model = Model, PromptTokens = 700, OutputTokens = 200, PayloadBytes = 3_000, Origin = new("zone-1", "region") };
}
