using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload;

/// <summary>
/// Standard normals by the ziggurat method (Marsaglia and Tsang 2000, in the form of Doornik 2005, 128 layers): one uniform number and one
/// multiplication in 98 of 100 draws, where Box and Muller's needs a logarithm, a root and a cosine in all. A workload draws two per request.
/// </summary>
internal static class Ziggurat
{
    private const int Layers = 128;

    // Where the tail begins, and the area of each layer, for 128 layers.
    private const double TailStart = 3.442619855899, LayerArea = 9.91256303526217e-3;

    private static readonly double[] Edges = MakeEdges();

    private static readonly double[] Inside = [.. Enumerable.Range(0, Layers).Select(i => Edges[i + 1] / Edges[i])];

    public static double Next(RandomStream random)
    {
        while (true)
        {
            // The leading bits choose the layer, the rest the place in it: they are independent.
            var scaled = random.NextUnit() * Layers;
            var layer = (int)scaled;
            var u = 2 * (scaled - layer) - 1;
            if (Math.Abs(u) < Inside[layer]) return u * Edges[layer];
            if (layer == 0) return u < 0 ? -Tail(random) : Tail(random);
            var x = u * Edges[layer];
            var outer = Math.Exp(-0.5 * (Edges[layer] * Edges[layer] - x * x));
            var inner = Math.Exp(-0.5 * (Edges[layer + 1] * Edges[layer + 1] - x * x));
            if (inner + random.NextUnit() * (outer - inner) < 1) return x;
        }
    }

    private static double Tail(RandomStream random)
    {
        while (true)
        {
            var x = -Math.Log(random.NextUnit()) / TailStart;
            if (-2 * Math.Log(random.NextUnit()) >= x * x) return TailStart + x;
        }
    }

    private static double[] MakeEdges()
    {
        var edges = new double[Layers + 1];
        var density = Math.Exp(-0.5 * TailStart * TailStart);
        (edges[0], edges[1]) = (LayerArea / density, TailStart);
        for (var i = 2; i < Layers; i++)
        {
            edges[i] = Math.Sqrt(-2 * Math.Log(LayerArea / edges[i - 1] + density));
            density = Math.Exp(-0.5 * edges[i] * edges[i]);
        }

        return edges;
    }
}
