namespace InferMesh.Strategies.Training;

/// <summary>
/// Finds where a number of workers go in a fabric so that a ring through them costs the least, and among those where the least room is left over on nodes that are begun, or the most.
/// Exact: a knapsack over the tree of domains, in time of the order of workers times nodes.
/// </summary>
internal sealed class FabricSearch
{
    // Of a ring's cost, which is at least a five hundredth of a nanosecond per byte: enough to order what costs the same, for up to a million workers.
    private const double LeftOver = 1e-9;

    private readonly Dictionary<FabricDomain, double[]> _least = [];
    private readonly Dictionary<FabricDomain, List<int[]>> _splits = [];
    private readonly int _most;
    private readonly double _leftOver;

    /// <param name="root">The fabric.</param>
    /// <param name="most">Most workers that are asked for.</param>
    /// <param name="begunIsBest">Among equals, those that leave the least room on the nodes that they begin, or the most.</param>
    public FabricSearch(FabricDomain root, int most, bool begunIsBest)
    {
        (_most, _leftOver) = (most, begunIsBest ? LeftOver : -LeftOver);
        Solve(root);
    }

    /// <summary>What a ring through so many workers of a domain costs, its own step included, and that of those in use counted as nothing; infinite when they do not fit.</summary>
    public double Cost(FabricDomain domain, int workers) => workers < _least[domain].Length ? _least[domain][workers] : double.PositiveInfinity;

    /// <summary>Workers by node id for the least cost.</summary>
    public void Take(FabricDomain domain, int workers, Dictionary<string, int> into)
    {
        if (workers == 0) return;
        if (domain.Node is { } node)
        {
            into[node.Id] = workers;
            return;
        }
        var splits = _splits[domain];
        for (var i = splits.Count - 1; i >= 0; i--)
        {
            var here = splits[i][workers];
            Take(domain.Children[i], here, into);
            workers -= here;
        }
    }

    private double[] Solve(FabricDomain domain)
    {
        var room = Math.Min(domain.Room, _most);
        if (domain.Node is not null) return _least[domain] = Leaf(domain, room);
        double[] sum = [0];
        var splits = _splits[domain] = [];
        foreach (var child in domain.Children)
        {
            sum = Join(sum, Solve(child), room, out var split);
            splits.Add(split);
        }
        for (var k = 1; k < sum.Length; k++) sum[k] += domain.Step;
        return _least[domain] = sum;
    }

    private double[] Leaf(FabricDomain node, int room)
    {
        var least = new double[room + 1];
        for (var k = 1; k <= room; k++) least[k] = node.Step + (_leftOver * (node.Room - k));
        return least;
    }

    /// <summary>The least sum for each number of workers, and how many of them go to the second.</summary>
    private static double[] Join(double[] a, double[] b, int most, out int[] split)
    {
        var length = Math.Min(a.Length + b.Length - 2, most) + 1;
        var sum = new double[length];
        split = new int[length];
        Array.Fill(sum, double.PositiveInfinity);
        for (var j = 0; j < b.Length; j++)
        {
            var cost = b[j];
            var end = Math.Min(a.Length, length - j);
            for (var i = 0; i < end; i++)
            {
                var both = a[i] + cost;
                if (both >= sum[i + j]) continue;
                sum[i + j] = both;
                split[i + j] = j;
            }
        }
        return sum;
    }
}
