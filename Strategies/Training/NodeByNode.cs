namespace InferMesh.Strategies.Training;

/// <summary>
/// Looks at nodes alone, not at what joins them. <c>binpack</c> fills the fullest nodes first, so that empty ones stay whole; <c>spread</c> gives each node as few as it can, over racks in
/// turn, so that the loss of one costs little.
/// </summary>
internal sealed class NodeByNode(string name, bool spread) : ITrainingStrategy
{
    public string Name => name;

    public GangPlacement Place(Gang gang, IReadOnlyList<TrainingNode> nodes)
    {
        var tree = FabricTree.Build(nodes, gang.Room);
        if (GangSearch.Find(gang, nodes, tree, out var failure) is not var (domains, count)) return GangPlacement.Failed(failure);
        // The largest that is allowed: within it nothing but the nodes counts.
        var most = domains.Min(static d => d.Level);
        var domain = domains.Where(d => d.Level == most).OrderBy(d => spread ? -d.Room : d.Room).ThenBy(static d => d.Path, StringComparer.Ordinal).First();
        var leaves = FabricTree.All(domain).Where(static d => d.Node is not null).ToArray();
        return FabricTree.Describe(nodes, spread ? Spread(leaves, count) : Pack(leaves, count));
    }

    private static Dictionary<string, int> Pack(FabricDomain[] leaves, int count)
    {
        var workers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var leaf in leaves.OrderBy(static l => l.Node!.FreeGpus).ThenBy(static l => l.Node!.Id, StringComparer.Ordinal))
        {
            if (count == 0) break;
            var here = Math.Min(count, leaf.Room);
            workers[leaf.Node!.Id] = here;
            count -= here;
        }
        return workers;
    }

    /// <summary>The path of a node without the node and its NVLink island.</summary>
    private static string RackOf(string path)
    {
        for (var level = (int)TopologyLevel.Node; level > (int)TopologyLevel.Rack; level--) path = path[..path.LastIndexOf('/')];
        return path;
    }

    private static Dictionary<string, int> Spread(FabricDomain[] leaves, int count)
    {
        // The first nodes of all racks, then the second ones: emptiest first within a rack.
        var turn = leaves.GroupBy(static l => RackOf(l.Path), StringComparer.Ordinal)
            .SelectMany(static rack => rack.OrderByDescending(static l => l.Room).ThenBy(static l => l.Node!.Id, StringComparer.Ordinal).Select(static (leaf, i) => (Leaf: leaf, Turn: i)))
            .OrderBy(static l => l.Turn).ThenByDescending(static l => l.Leaf.Room).ThenBy(static l => l.Leaf.Node!.Id, StringComparer.Ordinal).Select(static l => l.Leaf).ToList();
        var workers = new Dictionary<string, int>(StringComparer.Ordinal);
        while (count > 0)
        {
            foreach (var leaf in turn)
            {
                if (count == 0) break;
                workers[leaf.Node!.Id] = workers.GetValueOrDefault(leaf.Node.Id) + 1;
                count--;
            }
            turn.RemoveAll(l => workers.GetValueOrDefault(l.Node!.Id) >= l.Room);
        }
        return workers;
    }
}
