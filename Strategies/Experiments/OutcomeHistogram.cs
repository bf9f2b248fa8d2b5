namespace InferMesh.Strategies.Experiments;

/// <summary>
/// Counts of values above 0 by size, 128 steps to each power of two: a step is 0.54 %. The edges are the same everywhere and the contents are whole numbers, so that the sum of the
/// histograms of many silos is exactly the histogram of all their values, in whatever order they are added; means and quantiles are worked out from the sum. Memory is bounded: 1 KiB for
/// each power of two that was met, 51 at most. Adding is thread-safe; who reads while others add sees some of what is being added.
/// </summary>
public sealed class OutcomeHistogram
{
    /// <summary>Steps to each power of two.</summary>
    public const int StepsPerOctave = 128;

    private const int MinExponent = -30, MaxExponent = 20;

    /// <summary>Width of a step on the scale of natural logarithms.</summary>
    internal static double LogStep { get; } = Math.Log(2) / StepsPerOctave;

    /// <summary>Number of steps: values below 2^-30 (a nanosecond, or nothing) share the first, those from 2^20 (12 days) the last.</summary>
    internal const int Steps = (MaxExponent - MinExponent) * StepsPerOctave + 2;

    private readonly long[]?[] _chunks = new long[Steps / StepsPerOctave + 1][];

    /// <summary>Adds a value <paramref name="times"/> times. False, and nothing added, when it is negative, infinite or not a number.</summary>
    public bool Add(double value, long times = 1)
    {
        if (!(value >= 0 && double.IsFinite(value))) return false;
        AddAt(StepOf(value), times);
        return true;
    }

    /// <summary>Adds all counts of another, <paramref name="sign"/> being 1, or takes them away with -1.</summary>
    internal void Add(OutcomeHistogram other, long sign = 1)
    {
        for (var c = 0; c < _chunks.Length; c++)
        {
            if (other._chunks[c] is not { } theirs) continue;
            for (var i = 0; i < theirs.Length; i++) if (Volatile.Read(ref theirs[i]) is var n and not 0) AddAt(c * StepsPerOctave + i, sign * n);
        }
    }

    internal void AddAt(int step, long times)
    {
        ref var chunk = ref _chunks[step / StepsPerOctave];
        if (chunk is null) Interlocked.CompareExchange(ref chunk, new long[StepsPerOctave], null);
        Interlocked.Add(ref chunk![step % StepsPerOctave], times);
    }

    /// <summary>Values in all.</summary>
    public long Count() => CountFrom(0);

    /// <summary>Values in a step.</summary>
    internal long CountAt(int step) => (uint)step < Steps && _chunks[step / StepsPerOctave] is { } chunk ? chunk[step % StepsPerOctave] : 0;

    /// <summary>Values in a step and all above.</summary>
    internal long CountFrom(int step)
    {
        if (step >= Steps) return 0;
        step = Math.Max(0, step);
        var sum = 0L;
        var first = step / StepsPerOctave;
        for (var c = _chunks.Length - 1; c >= first; c--)
        {
            if (_chunks[c] is not { } chunk) continue;
            for (var i = c == first ? step % StepsPerOctave : 0; i < chunk.Length; i++) sum += chunk[i];
        }
        return sum;
    }

    /// <summary>The greatest step that has, with those above and <paramref name="beyond"/> values more, at least <paramref name="count"/> values; 0 when there are fewer.</summary>
    internal int StepFromTop(double count, long beyond)
    {
        double sum = beyond;
        if (sum >= count) return Steps - 1;
        for (var c = _chunks.Length - 1; c >= 0; c--)
        {
            if (_chunks[c] is not { } chunk) continue;
            for (var i = chunk.Length - 1; i >= 0; i--)
            {
                sum += chunk[i];
                if (sum >= count) return c * StepsPerOctave + i;
            }
        }
        return 0;
    }

    /// <summary>Number, mean and variance of the logarithms of the values. Steps are equal on that scale: their numbers are summed, as whole numbers.</summary>
    internal (long Count, double Mean, double Variance) LogMoments()
    {
        var (n, sum, squares) = (0L, 0L, 0L);
        for (var c = 0; c < _chunks.Length; c++)
        {
            if (_chunks[c] is not { } chunk) continue;
            for (var i = 0; i < chunk.Length; i++)
            {
                var (times, step) = (chunk[i], c * (long)StepsPerOctave + i);
                n += times;
                sum += times * step;
                squares += times * step * step;
            }
        }
        if (n == 0) return (0, 0, 0);
        var variance = n > 1 ? (squares - (double)sum * sum / n) / (n - 1) : 0;
        return (n, ((double)sum / n - 0.5) * LogStep + MinExponent * Math.Log(2), variance * LogStep * LogStep);
    }

    /// <summary>Number, mean and variance of the values, each as <paramref name="map"/> makes it of its step.</summary>
    internal (long Count, double Mean, double Variance) Moments(Func<int, double> map)
    {
        var (n, mean, squares) = (0L, 0.0, 0.0);
        for (var c = 0; c < _chunks.Length; c++)
        {
            if (_chunks[c] is not { } chunk) continue;
            for (var i = 0; i < chunk.Length; i++)
            {
                if (chunk[i] is not (var times and > 0)) continue;
                // Welford's update with a weight: the difference of two large sums would lose the variance of values that are alike.
                var value = map(c * StepsPerOctave + i);
                n += times;
                var step = (value - mean) * times / n;
                squares += times * (value - mean) * (value - mean - step);
                mean += step;
            }
        }
        return (n, mean, n > 1 ? squares / (n - 1) : 0);
    }

    /// <summary>Steps with values, in order, and their counts: what travels between silos.</summary>
    internal (int[] Steps, long[] Counts) ToSparse()
    {
        var (steps, counts) = (new List<int>(), new List<long>());
        for (var c = 0; c < _chunks.Length; c++)
        {
            if (_chunks[c] is not { } chunk) continue;
            for (var i = 0; i < chunk.Length; i++)
            {
                if (Volatile.Read(ref chunk[i]) is not (var n and not 0)) continue;
                steps.Add(c * StepsPerOctave + i);
                counts.Add(n);
            }
        }
        return ([.. steps], [.. counts]);
    }

    /// <summary>The middle of a step, on the scale of logarithms.</summary>
    internal static double Middle(int step) => Math.Pow(2, (step - 0.5) / StepsPerOctave + MinExponent);

    /// <summary>The step of a value of 0 or more.</summary>
    internal static int StepOf(double value)
    {
        if (!(value > 0)) return 0;
        var position = (Math.Log2(value) - MinExponent) * StepsPerOctave;
        return position < 0 ? 0 : (int)Math.Min(Math.Floor(position) + 1, Steps - 1);
    }
}
