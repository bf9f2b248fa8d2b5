namespace InferMesh.Simulator.ReferenceBugs;

/// <summary>What the original's strategies see of a node: fresh, never stale.</summary>
/// <param name="Waiting">Requests in the queue.</param>
/// <param name="VramShare">Share of memory held by batches, which are never released.</param>
/// <param name="Busy">Batches over concurrency; batches are never released.</param>
/// <param name="OtherCell">1 outside the first cell, else 0.</param>
/// <param name="RecentPicks">Own picks of the node in the last 5 s, at most 100.</param>
/// <param name="LastHundred">Own picks of the node among the last 100.</param>
internal readonly record struct OriginalView(double Waiting, double VramShare, double Busy, double OtherCell, int RecentPicks, int LastHundred);

/// <summary>The formulas of the original's strategies; the smallest score wins. Facts, written anew: they are how the published figures came about, not advice.</summary>
internal sealed class OriginalScore(string strategy, double tokensPerSecond)
{
    private const int HybridWarmUp = 50;

    private double _latency = 0.4, _balance = 0.3, _memory = 0.2, _speed = 0.1;
    private int _decisions;

    /// <summary>Seconds that a decision takes.</summary>
    public double DecisionSeconds => strategy switch { "predictive_mesh" => 75e-6, "hybrid_mesh" => 100e-6, "ml_enhanced_mesh" => 150e-6, _ => 50e-6 };

    /// <summary>Whether nodes are drawn at random: a counter over keys in a random order is that.</summary>
    public bool Random => strategy == "baseline_rr";

    /// <summary>Called once per decision. The original's tuning is open-loop: it does not look at what came of its decisions.</summary>
    public void Decide()
    {
        if (strategy != "hybrid_mesh" || ++_decisions <= HybridWarmUp) return;
        _latency = Math.Min(_latency + 0.01, 0.8);
        _balance = Math.Max(_balance * 0.99, 0.1);
        var sum = _latency + _balance + _memory + _speed;
        (_latency, _balance, _memory, _speed) = (_latency / sum, _balance / sum, _memory / sum, _speed / sum);
    }

    /// <summary>Score of one node.</summary>
    /// <param name="v">The node.</param>
    /// <param name="meanBusy">Mean busy share over the nodes.</param>
    /// <param name="varianceIfBusier">Variance of the busy share over the nodes, were this one busier by 0.1.</param>
    /// <param name="variance">Variance of the busy share over the nodes.</param>
    public double Of(in OriginalView v, double meanBusy, double varianceIfBusier, double variance) => strategy switch
    {
        "least_queue" => v.Waiting,
        "heuristic" => 0.4 * v.Waiting + 0.3 * v.VramShare + 0.3 * v.Busy,
        "mesh" or "mesh_hedge" or "mesh_stale" => 0.4 * v.Waiting + 0.3 * v.VramShare + 0.2 * v.Busy + v.OtherCell,
        "adaptive_mesh" => Adaptive(v, meanBusy > 0.7),
        "predictive_mesh" => 0.4 * (v.Waiting + v.RecentPicks) + 0.3 * v.VramShare + 0.2 * v.Busy + 0.15 * v.OtherCell + 5 * Math.Max(0, v.Busy - 0.8),
        "hybrid_mesh" => _latency * (1000 * v.Waiting / tokensPerSecond) / 500 + _balance * varianceIfBusier / 0.1
            + _memory * (v.VramShare / tokensPerSecond) / 0.001 + _speed * 1000 / Math.Max((1 - v.Busy) * tokensPerSecond, 1) + 0.1 * v.OtherCell,
        "ml_enhanced_mesh" => 0.35 * v.Waiting + 0.25 * v.VramShare + 0.2 * v.Busy + 0.15 * v.OtherCell + 0.25 * variance
            + 0.1 / (1 + v.LastHundred) + 0.1 * (meanBusy - v.Busy) - (v.Busy > 0.9 ? 1 : 0),
        _ => throw new InvalidOperationException($"The original has no strategy {strategy}."),
    };

    /// <summary>Whether the original has a strategy of this name.</summary>
    public static bool Knows(string name) =>
        name is "baseline_rr" or "least_queue" or "heuristic" or "mesh" or "mesh_hedge" or "mesh_stale" or "adaptive_mesh" or "predictive_mesh" or "hybrid_mesh" or "ml_enhanced_mesh";

    private static double Adaptive(in OriginalView v, bool pressed)
    {
        var (performance, balance) = pressed ? (0.8, 0.2) : (0.4, 0.6);
        return performance * (0.4 * v.Waiting + 0.3 * v.VramShare + 0.3 * v.Busy) + balance * v.Busy + 0.5 * v.OtherCell;
    }
}
