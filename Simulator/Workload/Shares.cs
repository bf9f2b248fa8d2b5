using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload;

/// <summary>Picks an index by weight.</summary>
internal sealed class Shares
{
    private readonly double[] _cumulative;

    // The only index with a weight, or -1: nothing needs to be drawn then.
    private readonly int _only;

    public Shares(IReadOnlyList<double> weights)
    {
        _cumulative = new double[weights.Count];
        var sum = 0.0;
        for (var i = 0; i < weights.Count; i++) _cumulative[i] = sum += weights[i];
        for (var i = 0; i < weights.Count; i++) _cumulative[i] /= sum;
        _only = weights.Count(w => w > 0) == 1 ? weights.TakeWhile(w => w == 0).Count() : -1;
    }

    /// <summary>Zipf: index i has a weight of 1 / (i + 1)^s; uniform for s of 0.</summary>
    public static Shares Zipf(int count, double s)
    {
        var weights = new double[count];
        for (var i = 0; i < count; i++) weights[i] = Math.Pow(i + 1, -s);
        return new(weights);
    }

    public int Pick(RandomStream random)
    {
        if (_only >= 0) return _only;
        var at = Array.BinarySearch(_cumulative, random.NextUnit());
        // An index of weight 0 ends where the one before it ends: a hit on that end belongs to the next.
        return Math.Min(at >= 0 ? at + 1 : ~at, _cumulative.Length - 1);
    }
}
