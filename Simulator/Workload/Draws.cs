using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload;

/// <summary>Draws from the laws that a workload needs.</summary>
internal static class Draws
{
    /// <summary>Gamma of the given shape and scale 1 (Marsaglia and Tsang 2000).</summary>
    public static double NextGamma(this RandomStream random, double shape)
    {
        if (shape < 1) return random.NextGamma(shape + 1) * Math.Pow(random.NextUnit(), 1 / shape);
        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = Ziggurat.Next(random);
            var v = 1 + c * x;
            if (v <= 0) continue;
            v = v * v * v;
            if (Math.Log(random.NextUnit()) < 0.5 * x * x + d - d * v + d * Math.Log(v)) return d * v;
        }
    }

    /// <summary>Poisson: by multiplication for small means, by transformed rejection (Hoermann 1993, PTRS) for large ones.</summary>
    public static double NextPoisson(this RandomStream random, double mean)
    {
        if (mean < 30)
        {
            var limit = Math.Exp(-mean);
            var count = 0;
            for (var product = random.NextUnit(); product > limit; product *= random.NextUnit()) count++;
            return count;
        }

        var b = 0.931 + 2.53 * Math.Sqrt(mean);
        var a = -0.059 + 0.02483 * b;
        var inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
        var quick = 0.9277 - 3.6224 / (b - 2);
        while (true)
        {
            var u = random.NextUnit() - 0.5;
            var v = random.NextUnit();
            var us = 0.5 - Math.Abs(u);
            var k = Math.Floor((2 * a / us + b) * u + mean + 0.43);
            if (us >= 0.07 && v <= quick) return k;
            if (k < 0 || (us < 0.013 && v > us)) continue;
            if (Math.Log(v * inverseAlpha / (a / (us * us) + b)) <= k * Math.Log(mean) - mean - GammaFunction.Log(k + 1)) return k;
        }
    }

    /// <summary>Geometric over 1, 2, ... with the given mean, 1 or more.</summary>
    public static int NextTurns(this RandomStream random, double mean) =>
        mean <= 1 ? 1 : 1 + (int)Math.Min(Math.Floor(Math.Log(random.NextUnit()) / Math.Log(1 - 1 / mean)), 1e6);

    /// <summary>Uniform over 0 to below <paramref name="count"/>.</summary>
    public static int NextIndex(this RandomStream random, int count) => Math.Min((int)(random.NextUnit() * count), count - 1);
}
