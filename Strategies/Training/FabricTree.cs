namespace InferMesh.Strategies.Training;

/// <summary>A domain of a fabric, with the room that a gang has in it.</summary>
internal sealed class FabricDomain(int level, string path)
{
    /// <summary>Its <see cref="TopologyLevel"/> as a number; -1 for the whole fabric.</summary>
    public int Level { get; } = level;

    /// <summary>Names from the coarsest level down to its own.</summary>
    public string Path { get; } = path;

    public List<FabricDomain> Children { get; } = [];

    /// <summary>The node of a leaf; null else.</summary>
    public TrainingNode? Node { get; init; }

    /// <summary>Workers that fit in.</summary>
    public int Room { get; set; }

    /// <summary>It holds workers of the gang already: passing through it costs nothing more.</summary>
    public bool IsUsed { get; set; }

    /// <summary>What it adds to the cost of a ring through it and others.</summary>
    public double Step => Level < 0 || IsUsed ? 0 : TopologyLevels.Step((TopologyLevel)Level);
}

/// <summary>Nodes by the domains that they lie in. Domains without room are left out, unless workers of the gang are there already.</summary>
internal static class FabricTree
{
    /// <param name="nodes">Nodes.</param>
    /// <param name="room">Workers that a node has room for.</param>
    /// <param name="used">Nodes that hold workers of the gang already; null when none do.</param>
    public static FabricDomain Build(IReadOnlyList<TrainingNode> nodes, Func<TrainingNode, int> room, IReadOnlySet<string>? used = null)
    {
        var root = new FabricDomain(-1, "");
        var domains = new Dictionary<string, FabricDomain>(StringComparer.Ordinal);
        foreach (var node in nodes.OrderBy(static n => n.Id, StringComparer.Ordinal))
        {
            var fits = room(node);
            var isUsed = used?.Contains(node.Id) ?? false;
            if (fits <= 0 && !isUsed) continue;
            var (parent, path) = (root, "");
            root.Room += fits;
            root.IsUsed |= isUsed;
            for (var level = 0; level < TopologyLevels.Count; level++)
            {
                var label = node.Label((TopologyLevel)level);
                // What is unknown is near nothing.
                path += $"/{(label.Length > 0 ? label : $"?{node.Id}")}";
                if (!domains.TryGetValue(path, out var domain))
                {
                    domains[path] = domain = new(level, path) { Node = level == (int)TopologyLevel.Node ? node : null };
                    parent.Children.Add(domain);
                }
                domain.Room += fits;
                domain.IsUsed |= isUsed;
                parent = domain;
            }
        }
        return root;
    }

    /// <summary>A domain and all that lie in it, coarsest first.</summary>
    public static IEnumerable<FabricDomain> All(FabricDomain from)
    {
        yield return from;
        foreach (var child in from.Children)
        {
            foreach (var domain in All(child)) yield return domain;
        }
    }

    /// <summary>The placement in the order of the tree, with what its ring costs.</summary>
    /// <param name="nodes">Nodes of the groups, at least.</param>
    /// <param name="workers">Workers by node id.</param>
    public static GangPlacement Describe(IReadOnlyList<TrainingNode> nodes, IReadOnlyDictionary<string, int> workers)
    {
        var tree = Build([.. nodes.Where(n => workers.GetValueOrDefault(n.Id) > 0)], n => workers[n.Id]);
        var edges = new Dictionary<TopologyLevel, int>();
        var cost = 0.0;
        foreach (var level in Enum.GetValues<TopologyLevel>())
        {
            var domains = All(tree).Count(d => d.Level == (int)level);
            // A ring leaves each of its domains once, unless it never leaves the only one.
            edges[level] = domains > 1 ? domains : 0;
            cost += edges[level] * TopologyLevels.Step(level);
        }
        return new()
        {
            Groups = [.. All(tree).Where(static d => d.Node is not null).Select(d => new WorkerGroup(d.Node!.Id, d.Room))],
            CrossEdges = edges,
            RingCost = cost,
        };
    }
}
