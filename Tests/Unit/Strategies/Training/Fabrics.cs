using InferMesh.Strategies.Training;

namespace InferMesh.Tests.Unit.Strategies.Training;

/// <summary>Fabrics for tests.</summary>
internal static class Fabrics
{
    public static TrainingNode Node(string id, string rack = "r1", string zone = "z1", int free = 8, string type = "H100", int gpus = 8) => new()
    {
        Id = id,
        Region = "eu",
        Zone = zone,
        Cell = $"{zone}-c",
        Rack = rack,
        GpuType = type,
        FreeGpus = free,
        Gpus = gpus,
        BytesPerGpu = 80L << 30,
    };

    /// <summary>Racks of nodes of eight GPUs in zones.</summary>
    public static TrainingNode[] ThreeLevels(int zones, int racks, int nodesPerRack) =>
        [.. from z in Enumerable.Range(0, zones) from r in Enumerable.Range(0, racks) from n in Enumerable.Range(0, nodesPerRack) select Node($"n{z:00}-{r:00}-{n:00}", $"r{z:00}-{r:00}", $"z{z:00}")];

    public static Gang Gang(int workers, int gpus = 1) => new() { Workers = workers, GpusPerWorker = gpus };

    /// <summary>Cost of a ring through workers in this order, edge by edge.</summary>
    public static double RingCost(IReadOnlyList<TrainingNode> ranks)
    {
        var cost = 0.0;
        for (var i = 0; i < ranks.Count; i++)
        {
            if (Crossed(ranks[i], ranks[(i + 1) % ranks.Count]) is { } level) cost += TopologyLevels.EdgeCost(level);
        }
        return cost;
    }

    private static TopologyLevel? Crossed(TrainingNode a, TrainingNode b) =>
        a.Region != b.Region ? TopologyLevel.Region : a.Zone != b.Zone ? TopologyLevel.Zone : a.Cell != b.Cell ? TopologyLevel.Cell : a.Rack != b.Rack ? TopologyLevel.Rack : Island(a) != Island(b) ? TopologyLevel.NvlinkIsland : a.Id != b.Id ? TopologyLevel.Node : null;

    private static string Island(TrainingNode node) => node.NvlinkIsland.Length > 0 ? node.NvlinkIsland : node.Id;
}
