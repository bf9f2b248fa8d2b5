namespace InferMesh.Simulator.Workload;

/// <summary>The gamma function.</summary>
internal static class GammaFunction
{
    private static readonly double[] Lanczos =
    [
        676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
        12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>Natural logarithm of the gamma function for x of 0.5 and more (Lanczos, g = 7, 9 terms; 15 digits).</summary>
    public static double Log(double x)
    {
        x -= 1;
        var sum = 0.99999999999980993;
        for (var i = 0; i < Lanczos.Length; i++) sum += Lanczos[i] / (x + i + 1);
        var t = x + 7.5;
        return 0.5 * Math.Log(2 * Math.PI) + (x + 0.5) * Math.Log(t) - t + Math.Log(sum);
    }
}
