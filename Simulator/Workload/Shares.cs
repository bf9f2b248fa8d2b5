using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload;

/// <summary>Picks an index by weight.</summary>
internal sealed class Shares
{
    private readonly double[] _cumulative;

    public Shares(IReadOnlyList<double> weights)
    {
        _cumulative = new double[weights.Count];
        var sum = 0.0;
        for (var i = 0; i < weights.Count; i++) _cumulative[i] = sum += weights[i];
        for (var i = 0; i < weights.Count; i++) _cumulative[i] /= sum;
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
        if (_cumulative.Length == 1) return 0;
        var at = Array.BinarySearch(_cumulative, random.NextUnit());
        // An index of weight 0 ends where the one before it ends: a hit on that end belongs to the next.
        return Math.Min(at >= 0 ? at + 1 : ~at, _cumulative.Length - 1);
    }
}
