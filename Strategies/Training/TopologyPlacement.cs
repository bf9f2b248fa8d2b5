namespace InferMesh.Strategies.Training;

/// <summary>
/// Fewest domains, coarsest first: the ring through the workers costs the least that the free GPUs allow. Among placements of that cost, <c>topology_best_fit</c> begins the fullest nodes
/// and fills them, and <c>topology_balanced</c> takes the emptiest and gives each as many workers as the others, so that no node's links carry more than they must.
/// </summary>
internal sealed class TopologyPlacement(string name, bool balanced) : ITrainingStrategy
{
    public string Name => name;

    public GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes)
    {
        var tree = FabricTree.Build(nodes, gang.Room);
        if (GangSearch.Find(gang, nodes, tree, out var failure) is not var (domains, count)) return GangPlacement.Failed(failure);
        var search = new FabricSearch(tree, count, begunIsBest: !balanced);
        // Whoever has one domain to himself never leaves it: its own step is not paid.
        var best = domains.MinBy(d => search.Cost(d, count) - d.Step)!;
        var workers = new Dictionary<string, int>(StringComparer.Ordinal);
        search.Take(best, count, workers);
        return FabricTree.Describe(nodes, balanced ? Even(nodes, gang, workers) : workers);
    }

    /// <summary>The same nodes, each with as many as the others as far as they have room.</summary>
    private static Dictionary<string, int> Even(IReadOnlyList<TrainingNode> nodes, Gang gang, Dictionary<string, int> workers)
    {
        var left = workers.Values.Sum();
        var even = new Dictionary<string, int>(StringComparer.Ordinal);
        var open = workers.Count;
        foreach (var (id, room) in nodes.Where(n => workers.ContainsKey(n.Id)).Select(n => (n.Id, Room: gang.Room(n))).OrderBy(static n => n.Room).ThenBy(static n => n.Id, StringComparer.Ordinal))
        {
            even[id] = Math.Min(room, left / open--);
            left -= even[id];
        }
        return even;
    }
}
