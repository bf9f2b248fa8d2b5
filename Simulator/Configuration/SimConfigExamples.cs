using InferMesh.Simulator.Configuration.Validation;
using InferMesh.Strategies;

namespace InferMesh.Simulator.Configuration;

/// <summary>The original's three generated examples, with their figures.</summary>
internal static class SimConfigExamples
{
    private static readonly GpuProfileConfig H100 = new() { Name = "H100-80G", TokensPerS = 240_000, Concurrency = 16, VramTotalGb = 80, BatchWindowMs = 8, KvCacheGbPerReq = 1 };

    public static SimConfig? Of(string name) => name switch
    {
        "small" => Small(),
        "medium" => Medium(),
        "large" => Large(),
        _ => null,
    };

    private static SimConfig Small() => new()
    {
        DurationS = 300,
        Strategies = [.. StrategyCatalog.All.Select(s => new StrategyConfig(s.Name)), new(StrategyChecks.Oracle)],
        Workload = new() { Arrival = new() { Rps = 800 } },
        Topology = new() { Cells = 4, NodesPerCell = 128, GpuProfiles = [H100] },
        Service = new() { Model = ServiceModel.TokenRate },
    };

    private static SimConfig Medium() => new()
    {
        DurationS = 600,
        Strategies = [new("baseline_rr"), new("heuristic"), new("mesh"), new("mesh_hedge"), new("adaptive_mesh"), new("predictive_mesh"), new("hybrid_mesh")],
        Workload = new()
        {
            Arrival = new() { Rps = 800 },
            Mix = new(0.7, 0.2, 0.1),
            Tenants = new() { Count = 100, Skew = new() { Type = SkewKind.Zipf, S = 1.1 } },
        },
        Topology = new() { Cells = 16, NodesPerCell = 256, GpuProfiles = [H100] },
        Service = new() { Model = ServiceModel.TokenRate },
    };

    private static SimConfig Large() => Medium() with
    {
        DurationS = 1800,
        Strategies = [new("baseline_rr"), new("heuristic"), new("mesh"), new("mesh_hedge"), new("mesh_stale"), new("adaptive_mesh"), new("predictive_mesh"), new("hybrid_mesh")],
        Workload = Medium().Workload with { Arrival = new() { Type = ArrivalType.Mmpp, States = 3, RatesRps = [200, 800, 1500], DwellS = [30, 30, 10] } },
        Topology = new()
        {
            Cells = 128,
            NodesPerCell = 1024,
            GpuProfiles = [H100],
            Mig = new() { Enable = true, Profiles = [new("1g.10gb", 0.125, 30_000, 2), new("2g.20gb", 0.25, 60_000, 4)] },
        },
    };
}
