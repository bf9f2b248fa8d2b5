namespace InferMesh.Strategies.Training;

/// <summary>Puts workers of a gang that lost their nodes elsewhere. Pure.</summary>
public static class GangRepair
{
    /// <summary>The gang with its lost workers on other nodes: those that are well stay where they are, and the ring through all costs the least that this allows.</summary>
    /// <param name="gang">The gang; its level that is required still holds.</param>
    /// <param name="groups">Where its workers are.</param>
    /// <param name="lost">Nodes that are lost.</param>
    /// <param name="nodes">Nodes, those that hold workers of the gang among them, with what is free beside the gang.</param>
    /// <returns>The placement; a failed one when there is no room for the lost workers.</returns>
    public static GangPlacement Replace(Gang gang, IReadOnlyList<WorkerGroup> groups, IReadOnlySet<string> lost, IReadOnlyList<TrainingNode> nodes)
    {
        ArgumentNullException.ThrowIfNull(gang);
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(lost);
        ArgumentNullException.ThrowIfNull(nodes);
        var kept = groups.Where(g => !lost.Contains(g.Node)).ToDictionary(static g => g.Node, static g => g.Workers, StringComparer.Ordinal);
        var need = groups.Where(g => lost.Contains(g.Node)).Sum(static g => g.Workers);
        TrainingNode[] well = [.. nodes.Where(n => !lost.Contains(n.Id))];
        if (kept.Count == 0) return TrainingCatalog.Create("topology_best_fit").Place(gang with { Workers = Math.Max(1, need), MinWorkers = 0 }, well);
        if (need == 0) return FabricTree.Describe(well, kept);

        var tree = FabricTree.Build(well, gang.Room, kept.Keys.ToHashSet(StringComparer.Ordinal));
        var search = new FabricSearch(tree, need, begunIsBest: true);
        GangPlacement? best = null;
        // From the whole down to the smallest domain that holds all who stay: to leave one costs a step on the way out and one on the way back.
        for (var domain = tree; domain is not null; domain = domain.Children.Count(static c => c.IsUsed) == 1 ? domain.Children.Single(static c => c.IsUsed) : null)
        {
            if ((gang.Required is { } required && domain.Level < (int)required) || domain.Room < need) continue;
            var workers = new Dictionary<string, int>(StringComparer.Ordinal);
            search.Take(domain, need, workers);
            foreach (var (node, count) in kept) workers[node] = workers.GetValueOrDefault(node) + count;
            var placement = FabricTree.Describe(well, workers);
            if (best is null || placement.RingCost <= best.RingCost) best = placement;
        }
        return best ?? GangPlacement.Failed(tree.Room >= need ? PlacementFailure.DomainTooSmall : PlacementFailure.NotEnoughFree);
    }
}
