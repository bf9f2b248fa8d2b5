namespace InferMesh.Simulator.Engine.ReferenceBugs;

/// <summary>
/// The original's own formulas (smaller is better), with what they see: fresh queue depths W, memory shares V and utilisations U that only grow. Used to reproduce its
/// published table and for nothing else. What the original did not have goes by queue depth.
/// </summary>
internal sealed class BuggyStrategy(string name, BuggyNode[] nodes, double tokensPerSecond, RandomStream random)
{
    private const double PredictionNs = 5e9;
    private const int MostPredictions = 100, RecentPicks = 100, DecisionsBeforeTuning = 50;

    private readonly double[] _scores = new double[nodes.Length];
    private readonly Queue<long>[] _picks = [.. nodes.Select(_ => new Queue<long>())];
    private readonly Queue<int> _recent = new();
    private readonly int[] _recentOf = new int[nodes.Length];
    private (double Latency, double Balance, double Cost, double Throughput) _w = (0.4, 0.3, 0.2, 0.1);
    private long _decisions;

    /// <summary>Seconds that the original charges for a decision.</summary>
    public static double DecisionSeconds(string name) => name switch
    {
        "predictive_mesh" => 75e-6,
        "hybrid_mesh" => 100e-6,
        "ml_enhanced_mesh" => 150e-6,
        _ => 50e-6,
    };

    /// <summary>Picks a node.</summary>
    public int Pick(long nowNs)
    {
        // Its round robin goes over keys in an order that is shuffled for every request: uniform chance.
        if (name == "baseline_rr") return (int)(random.NextUnit() * nodes.Length);
        double sum = 0, squares = 0;
        foreach (var node in nodes)
        {
            sum += node.Utilisation;
            squares += node.Utilisation * node.Utilisation;
        }
        var mean = sum / nodes.Length;
        for (var i = 0; i < nodes.Length; i++) _scores[i] = Score(i, mean, sum, squares, nowNs);
        var pick = LeastByChance(_scores);
        Remember(pick, nowNs);
        return pick;
    }

    /// <summary>The node with the second shortest queue: where the original sends its hedges.</summary>
    public int SecondShortest()
    {
        for (var i = 0; i < nodes.Length; i++) _scores[i] = nodes[i].Depth;
        var shortest = LeastByChance(_scores);
        if (nodes.Length == 1) return shortest;
        _scores[shortest] = double.PositiveInfinity;
        return LeastByChance(_scores);
    }

    private double Score(int i, double mean, double sum, double squares, long nowNs)
    {
        var node = nodes[i];
        double w = node.Depth, v = node.VramShare, u = node.Utilisation, cell = node.IsRemote ? 1 : 0;
        return name switch
        {
            "heuristic" => 0.4 * w + 0.3 * v + 0.3 * u,
            "mesh" or "mesh_hedge" or "mesh_stale" => 0.4 * w + 0.3 * v + 0.2 * u + cell,
            "adaptive_mesh" => mean > 0.7 ? 0.8 * (0.4 * w + 0.3 * v + 0.3 * u) + 0.2 * u + 0.5 * cell : 0.4 * (0.4 * w + 0.3 * v + 0.3 * u) + 0.6 * u + 0.5 * cell,
            "predictive_mesh" => 0.4 * (w + Predicted(i, nowNs)) + 0.3 * v + 0.2 * u + 0.15 * cell + 5 * Math.Max(0, u - 0.8),
            "hybrid_mesh" => Hybrid(node, sum, squares, cell),
            "ml_enhanced_mesh" => 0.35 * w + 0.25 * v + 0.2 * u + 0.15 * cell + 0.1 / (1 + _recentOf[i]) + 0.1 * (mean - u) - (u > 0.9 ? 1 : 0),
            _ => w,
        };
    }

    private double Hybrid(BuggyNode node, double sum, double squares, double cell)
    {
        var (u, n) = (node.Utilisation, nodes.Length);
        var after = u + 0.1;
        var variance = (squares - u * u + after * after) / n - Math.Pow((sum + 0.1) / n, 2);
        return _w.Latency * (1000 * node.Depth / tokensPerSecond) / 500 + _w.Balance * variance / 0.1 + _w.Cost * (node.VramShare / tokensPerSecond) / 0.001
            + _w.Throughput * 1000 / Math.Max((1 - u) * tokensPerSecond, 1) + 0.1 * cell;
    }

    private int Predicted(int node, long nowNs)
    {
        var picks = _picks[node];
        while (picks.Count > 0 && nowNs - picks.Peek() > PredictionNs) picks.Dequeue();
        return Math.Min(picks.Count, MostPredictions);
    }

    private void Remember(int pick, long nowNs)
    {
        if (name == "predictive_mesh") _picks[pick].Enqueue(nowNs);
        _recent.Enqueue(pick);
        _recentOf[pick]++;
        if (_recent.Count > RecentPicks) _recentOf[_recent.Dequeue()]--;
        if (name != "hybrid_mesh" || ++_decisions <= DecisionsBeforeTuning) return;
        // "Self-tuning": every decision shifts weight to latency, whatever came of the last.
        var (latency, balance) = (Math.Min(_w.Latency + 0.01, 0.8), Math.Max(0.99 * _w.Balance, 0.1));
        var total = latency + balance + _w.Cost + _w.Throughput;
        _w = (latency / total, balance / total, _w.Cost / total, _w.Throughput / total);
    }

    /// <summary>One of the least, each with equal chance: its maps are in another order each time.</summary>
    private int LeastByChance(double[] scores)
    {
        var (least, ties) = (double.PositiveInfinity, 0);
        foreach (var score in scores)
        {
            if (score < least) (least, ties) = (score, 1);
            else if (score == least) ties++;
        }
        var wanted = (int)(random.NextUnit() * ties);
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i] == least && wanted-- == 0) return i;
        }
        return 0;
    }
}
