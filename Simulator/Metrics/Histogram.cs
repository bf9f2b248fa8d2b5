using System.Numerics;
using InferMesh.Simulator.Results;

namespace InferMesh.Simulator.Metrics;

/// <summary>
/// Durations in nanoseconds, log-linear: 64 steps to each power of two, so that a quantile, read at the middle of its step, is within 0.8 percent. Mean, least and greatest are
/// exact. Allocates 512 bytes when a power of two is first met, nothing else. Not thread safe.
/// </summary>
internal sealed class Histogram
{
    private const int StepBits = 6;
    private const int Steps = 1 << StepBits;
    private const int CdfPoints = 100;

    private readonly long[]?[] _octaves = new long[64 - StepBits + 1][];
    private double _sum;

    /// <summary>Values.</summary>
    public long Count { get; private set; }

    /// <summary>Greatest value.</summary>
    public long Max { get; private set; }

    /// <summary>Sum of all values, nanoseconds.</summary>
    public double SumNs => _sum;

    /// <summary>Adds a value <paramref name="times"/> times; below 0 counts as 0.</summary>
    public void Add(long ns, long times = 1)
    {
        if (ns < 0) ns = 0;
        var (octave, step) = Position(ns);
        (_octaves[octave] ??= new long[Steps])[step] += times;
        Count += times;
        _sum += (double)ns * times;
        if (ns > Max) Max = ns;
    }

    /// <summary>Adds all values of another.</summary>
    public void Add(Histogram other)
    {
        for (var o = 0; o < _octaves.Length; o++)
        {
            if (other._octaves[o] is not { } theirs) continue;
            var ours = _octaves[o] ??= new long[Steps];
            for (var s = 0; s < Steps; s++) ours[s] += theirs[s];
        }
        Count += other.Count;
        _sum += other._sum;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>Forgets all values; keeps the memory.</summary>
    public void Clear()
    {
        foreach (var octave in _octaves) if (octave is not null) Array.Clear(octave);
        (Count, _sum, Max) = (0, 0, 0);
    }

    /// <summary>The value that a share of all values does not exceed, in seconds; 0 without values.</summary>
    public double QuantileSeconds(double share)
    {
        if (Count == 0) return 0;
        var rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Count);
        var seen = 0L;
        for (var o = 0; o < _octaves.Length; o++)
        {
            if (_octaves[o] is not { } steps) continue;
            for (var s = 0; s < Steps; s++)
            {
                seen += steps[s];
                if (seen >= rank) return Math.Min(Middle(o, s), Max) / 1e9;
            }
        }
        return Max / 1e9;
    }

    /// <summary>The usual quantiles and points of the distribution function.</summary>
    public Quantiles ToQuantiles() => Count == 0
        ? new(0, 0, 0, 0, 0, 0, 0, 0, [])
        : new(Count, QuantileSeconds(0.5), QuantileSeconds(0.9), QuantileSeconds(0.95), QuantileSeconds(0.99), QuantileSeconds(0.999), _sum / Count / 1e9, Max / 1e9, Cdf());

    private List<CdfPoint> Cdf()
    {
        var points = new List<CdfPoint>(CdfPoints);
        for (var i = 1; i <= CdfPoints; i++)
        {
            // The last points lie closer and closer to 1: the tail is what the plot is for.
            var share = i <= 90 ? i / 100.0 : 1 - 0.1 * Math.Pow(10, -(i - 90) * 0.4);
            if (i == CdfPoints) share = 1;
            var seconds = i == CdfPoints ? Max / 1e9 : QuantileSeconds(share);
            if (points.Count > 0 && points[^1].Seconds == seconds) points[^1] = new(seconds, share);
            else points.Add(new(seconds, share));
        }
        return points;
    }

    // Below 64 ns a step is a nanosecond.
    private static (int Octave, int Step) Position(long ns)
    {
        if (ns < Steps) return (0, (int)ns);
        var shift = 63 - BitOperations.LeadingZeroCount((ulong)ns) - StepBits;
        return (shift + 1, (int)(ns >> shift) - Steps);
    }

    private static double Middle(int octave, int step) => octave == 0 ? step : ((double)(Steps + step) + 0.5) * (1L << (octave - 1)) - 0.5;
}
