namespace InferMesh.Strategies.Training;

/// <summary>The only place where a strategy for training jobs is registered.</summary>
public static class TrainingCatalog
{
    /// <summary>Strategy of a job that names none.</summary>
    public const string Default = "topology_best_fit";

    private static readonly ITrainingStrategy[] Strategies =
    [
        new NodeByNode("binpack", spread: false), new NodeByNode("spread", spread: true), new TopologyPlacement("topology_balanced", balanced: true), new TopologyPlacement("topology_best_fit", balanced: false),
        new ThroughputAware(),
    ];

    private static readonly string[] Descriptions =
    [
        "Fills the fullest nodes first, so that empty ones stay whole.", "Gives each node as few workers as it can, over racks in turn.", "Fewest domains, coarsest first; each node gets as many workers as the others.",
        "Fewest domains, coarsest first; nodes that are begun are filled.", "The GPU types with the best pace of the whole gang; fewest domains within them.",
    ];

    /// <summary>Name and description of each, in the order of the catalogue.</summary>
    public static IReadOnlyList<StrategyDescription> All { get; } = [.. Strategies.Zip(Descriptions, static (strategy, text) => new StrategyDescription(strategy.Name, text, []))];

    /// <summary>The strategy of a name; strategies keep nothing, so it is the same for all.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ITrainingStrategy Create(string name) =>
        Array.Find(Strategies, s => s.Name == name) ?? throw new ArgumentException($"'{name}' is not a strategy for training. Known: {string.Join(", ", Strategies.Select(s => s.Name))}.", nameof(name));
}
