using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Simulator;

/// <summary>Configurations that tests vary.</summary>
internal static class SimConfigs
{
    /// <summary>The GPU of the original's examples.</summary>
    public static GpuProfileConfig Original { get; } = new() { Name = "H100-80G", TokensPerS = 240_000, Concurrency = 16, VramTotalGb = 80 };

    /// <summary>The original's small example, 4 cells of so many nodes, as the honest model serves it.</summary>
    public static SimConfig Small(int nodesPerCell, double seconds, params string[] strategies) => new()
    {
        DurationS = seconds,
        Workload = new() { Arrival = new() { Rps = 800 } },
        Topology = new() { Cells = 4, NodesPerCell = nodesPerCell, GpuProfiles = [Original] },
        Service = new() { Model = ServiceModel.TokenRate },
        Strategies = [.. strategies.Select(s => new StrategyConfig(s))],
    };

    /// <summary>Two busy cells of continuous batching.</summary>
    public static SimConfig Continuous(double rho, double seconds, params string[] strategies) => new()
    {
        DurationS = seconds,
        Workload = new() { Arrival = new() { Rho = rho } },
        Topology = new() { Cells = 2, NodesPerCell = 3, GpuProfiles = [new() { Name = "H100-80G" }, new() { Name = "L40S-48G" }] },
        Routers = new() { Count = 2 },
        Strategies = [.. strategies.Select(s => new StrategyConfig(s))],
    };
}
