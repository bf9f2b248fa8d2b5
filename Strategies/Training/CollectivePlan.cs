namespace InferMesh.Strategies.Training;

/// <summary>How ranks exchange what they reduce.</summary>
public enum CollectiveAlgorithm : byte
{
    /// <summary>Around a ring, 2(n-1) steps of an n-th each: the most bandwidth.</summary>
    Ring = 0,

    /// <summary>Up and down a tree, 2 log2 n steps: the least latency.</summary>
    Tree,

    /// <summary>Within each node, then between nodes with a share each, then within each node again.</summary>
    Hierarchical,
}

/// <summary>Links that a gang's ranks use, each as the time of one message over it.</summary>
/// <param name="Within">Between GPUs of one node.</param>
/// <param name="Between">Between nodes, the slowest that the ring crosses.</param>
public sealed record CollectiveLinks(AlphaBeta Within, AlphaBeta Between);

/// <summary>From which size on an algorithm is the fastest.</summary>
/// <param name="FromBytes">Smallest size, 0 or a power of two.</param>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Seconds">What it takes for <see cref="FromBytes"/>.</param>
public sealed record CollectiveRange(long FromBytes, CollectiveAlgorithm Algorithm, double Seconds);

/// <summary>How an all-reduce among a gang's ranks goes fastest, by the alpha-beta model. Pure.</summary>
public static class CollectivePlanner
{
    private const int LargestPower = 33; // 8 GiB: gradients of a layer are below it

    /// <summary>Seconds of an all-reduce.</summary>
    /// <param name="algorithm">How.</param>
    /// <param name="nodes">Nodes, 1 or more.</param>
    /// <param name="ranksPerNode">Ranks on each, 1 or more.</param>
    /// <param name="bytes">Size of what each rank has.</param>
    /// <param name="links">The links.</param>
    public static double Seconds(CollectiveAlgorithm algorithm, int nodes, int ranksPerNode, double bytes, CollectiveLinks links)
    {
        ArgumentNullException.ThrowIfNull(links);
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranksPerNode, 1);
        var ranks = nodes * ranksPerNode;
        // A ring or tree through several nodes waits for its slowest link at every step.
        var slowest = nodes > 1 ? new AlphaBeta(Math.Max(links.Within.AlphaSeconds, links.Between.AlphaSeconds), Math.Max(links.Within.SecondsPerByte, links.Between.SecondsPerByte)) : links.Within;
        return algorithm switch
        {
            CollectiveAlgorithm.Ring => Ring(ranks, bytes, slowest),
            CollectiveAlgorithm.Tree => Tree(ranks, bytes, slowest),
            // A reduce-scatter and an all-gather are half a ring each; each rank of a node takes its share over a link of its own.
            _ => Ring(ranksPerNode, bytes, links.Within) + Math.Min(Ring(nodes, bytes / ranksPerNode, links.Between), Tree(nodes, bytes / ranksPerNode, links.Between)),
        };
    }

    /// <summary>The fastest algorithm by size, from 0 on; neighbours differ.</summary>
    public static IReadOnlyList<CollectiveRange> Plan(int nodes, int ranksPerNode, CollectiveLinks links)
    {
        var ranges = new List<CollectiveRange>();
        for (var power = 0; power <= LargestPower; power++)
        {
            var bytes = power == 0 ? 0 : 1L << power;
            var best = Algorithms(nodes, ranksPerNode).Select(a => (Algorithm: a, Seconds: Seconds(a, nodes, ranksPerNode, bytes, links))).MinBy(static a => a.Seconds);
            if (ranges.Count == 0 || ranges[^1].Algorithm != best.Algorithm) ranges.Add(new(bytes, best.Algorithm, best.Seconds));
        }
        return ranges;
    }

    /// <summary>Least size whose fixed part is at most so large a share of its time: gradients are better fused up to it. Null when none is, up to 8 GiB.</summary>
    /// <param name="nodes">Nodes.</param>
    /// <param name="ranksPerNode">Ranks on each.</param>
    /// <param name="links">The links.</param>
    /// <param name="latencyShare">Largest share, 0..1.</param>
    public static long? FusionBytes(int nodes, int ranksPerNode, CollectiveLinks links, double latencyShare = 0.1)
    {
        for (var power = 10; power <= LargestPower; power++)
        {
            var best = Algorithms(nodes, ranksPerNode).MinBy(a => Seconds(a, nodes, ranksPerNode, 1L << power, links));
            if (Seconds(best, nodes, ranksPerNode, 0, links) <= latencyShare * Seconds(best, nodes, ranksPerNode, 1L << power, links)) return 1L << power;
        }
        return null;
    }

    private static CollectiveAlgorithm[] Algorithms(int nodes, int ranksPerNode) =>
        nodes > 1 && ranksPerNode > 1 ? [CollectiveAlgorithm.Ring, CollectiveAlgorithm.Tree, CollectiveAlgorithm.Hierarchical] : [CollectiveAlgorithm.Ring, CollectiveAlgorithm.Tree];

    private static double Ring(int n, double bytes, AlphaBeta link) => n < 2 ? 0 : 2 * (n - 1) * link.Seconds(bytes / n);

    // Two trees at once, each with half of the bytes, which flow up and down in a pipeline: all bytes pass each link once either way.
    private static double Tree(int n, double bytes, AlphaBeta link) => n < 2 ? 0 : 2 * Math.Ceiling(Math.Log2(n)) * link.AlphaSeconds + 2 * bytes * link.SecondsPerByte;
}
