using InferMesh.Simulator.World;

namespace InferMesh.Cli.Fleet;

/// <summary>Lays nodes out over cells, zones and GPU types, the same way for the same options.</summary>
internal static class FleetPlan
{
    public static SyntheticNode[] Lay(FleetOptions options, TimeProvider time)
    {
        if (!GpuMix.TryParse(options.GpuMix, out var mix, out var error))
            throw new UsageException($"--gpu-mix: {error}");

        var gpus = Rotate(mix.Spread(options.Nodes), options.Seed);
        var nodes = new SyntheticNode[options.Nodes];
        for (var i = 0; i < nodes.Length; i++)
        {
            // Cells are contiguous runs of nodes of nearly equal size, so that ports of one cell lie together.
            var cell = (int)((long)i * options.Cells / options.Nodes);
            var first = (int)(((long)cell * options.Nodes + options.Cells - 1) / options.Cells);
            var zone = (i - first) % 2 == 0 ? "zone-a" : "zone-b";
            nodes[i] = new SyntheticNode($"syn-c{cell}-n{i - first}", $"cell-{cell}", zone, gpus[i], options, time);
        }

        return nodes;
    }

    private static GpuProfile[] Rotate(GpuProfile[] gpus, int seed)
    {
        var shift = (int)((uint)seed % (uint)gpus.Length);
        return [.. gpus[shift..], .. gpus[..shift]];
    }
}
