using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>Sums of the mesh, and its parts in an order.</summary>
internal static class FleetStats
{
    /// <summary>Orders by name; the first is the default. All but the name begin with the largest.</summary>
    public static readonly IReadOnlyDictionary<string, Func<LoadView, double?>> Orders = new Dictionary<string, Func<LoadView, double?>>(StringComparer.Ordinal)
    {
        ["load"] = static part => part.Load,
        ["running"] = static part => part.Running,
        ["waiting"] = static part => part.Waiting,
        ["tokens"] = static part => part.GenerationTokensPerSecond,
        ["ttft"] = static part => part.TtftP95Seconds,
        ["vram"] = static part => part.VramTotalBytes > 0 ? (double)part.VramUsedBytes / part.VramTotalBytes : null,
        ["utilization"] = static part => part.SmUtilization,
        ["temperature"] = static part => part.MaxTemperatureCelsius,
        ["power"] = static part => part.PowerWatts,
        ["name"] = static _ => null,
    };

    /// <param name="cells">Snapshots of all cells.</param>
    /// <param name="of">Parts: nodes, cells or models; null for none.</param>
    /// <param name="sort">One of <see cref="Orders"/>.</param>
    /// <param name="limit">Most parts.</param>
    /// <param name="at">Now.</param>
    public static StatsView Of(IReadOnlyList<CellSnapshot> cells, string? of, string sort, int limit, DateTimeOffset at)
    {
        var newest = Newest(cells);
        var (all, models, byCell, byNode) = (new LoadSum("mesh"), new Dictionary<string, LoadSum>(StringComparer.Ordinal), new List<LoadView>(), new List<LoadView>());
        var health = new List<NodeHealth>();
        foreach (var (c, cell) in cells.Index())
        {
            var sum = new LoadSum(cell.CellId);
            var nodes = new LoadSum?[cell.Nodes.Registration.Length];
            for (var i = 0; i < nodes.Length; i++)
            {
                var id = cell.Nodes.Registration[i].NodeId;
                if (newest[id] != (c, i)) continue; // It moved to another cell.
                health.Add(cell.Nodes.Health[i]);
                nodes[i] = new LoadSum(id).Node(cell, i);
                sum.Node(cell, i);
                all.Node(cell, i);
            }

            for (var i = 0; i < cell.Targets.Node.Length; i++)
            {
                if (nodes[cell.Targets.Node[i]] is not { } node) continue; // As above.
                node.Target(cell, i);
                sum.Target(cell, i);
                all.Target(cell, i);
                (models.TryGetValue(cell.Targets.Model[i], out var model) ? model : models[cell.Targets.Model[i]] = new(cell.Targets.Model[i])).Target(cell, i);
            }

            byCell.Add(sum.ToView());
            if (of == "nodes") byNode.AddRange(nodes.Select((node, i) => node?.ToView(cell.CellId, cell.Nodes.Health[i])).OfType<LoadView>());
        }

        List<LoadView> parts = of switch { "nodes" => byNode, "cells" => byCell, "models" => [.. models.Values.Select(static m => m.ToView())], _ => [] };
        return new()
        {
            At = at,
            Nodes = NodeCounts.Of([.. health]),
            Cells = cells.Count,
            Models = models.Count,
            All = all.ToView(),
            Items = [.. parts.OrderByDescending(part => Orders[sort](part) ?? double.NegativeInfinity).ThenBy(static part => part.Name, StringComparer.Ordinal).Take(limit)],
            Total = parts.Count,
        };
    }

    /// <summary>Where each node stands now: one that moved may still stand in the snapshot of its old cell.</summary>
    private static Dictionary<string, (int Cell, int Index)> Newest(IReadOnlyList<CellSnapshot> cells)
    {
        var newest = new Dictionary<string, (int Cell, int Index)>(StringComparer.Ordinal);
        foreach (var (c, cell) in cells.Index())
        {
            for (var i = 0; i < cell.Nodes.Registration.Length; i++)
            {
                var id = cell.Nodes.Registration[i].NodeId;
                if (!newest.TryGetValue(id, out var other) || cells[other.Cell].Nodes.Version[other.Index] < cell.Nodes.Version[i]) newest[id] = (c, i);
            }
        }

        return newest;
    }
}
