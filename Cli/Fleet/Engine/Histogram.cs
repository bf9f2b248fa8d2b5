namespace InferMesh.Cli.Fleet.Engine;

/// <summary>A Prometheus histogram of seconds with fixed bounds; the owner's lock protects it.</summary>
internal sealed class Histogram(double[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];

    /// <summary>Bounds of per-token times, as vLLM v1 has them.</summary>
    public static readonly double[] TokenBounds =
        [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    /// <summary>Bounds of times to the first token, as vLLM v1 has them.</summary>
    public static readonly double[] FirstTokenBounds =
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    /// <summary>Bounds of whole-request times, as vLLM v1 has them.</summary>
    public static readonly double[] RequestBounds =
        [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    public IReadOnlyList<double> Bounds => bounds;

    public double SumSeconds { get; private set; }

    public long Count { get; private set; }

    public void Observe(double seconds)
    {
        var index = 0;
        while (index < bounds.Length && seconds > bounds[index])
            index++;
        _counts[index]++;
        SumSeconds += seconds;
        Count++;
    }

    /// <summary>Observations of the bucket at <paramref name="index"/> alone; the last is beyond every bound.</summary>
    public long CountAt(int index) => _counts[index];
}
