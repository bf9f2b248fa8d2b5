namespace InferMesh.Strategies.Training;

/// <summary>Time of a transfer by its size: a fixed part and one per byte (Hockney's model).</summary>
/// <param name="AlphaSeconds">Seconds of a transfer of no bytes, 0 or more.</param>
/// <param name="SecondsPerByte">Seconds per byte, 0 or more.</param>
public readonly record struct AlphaBeta(double AlphaSeconds, double SecondsPerByte)
{
    /// <summary>Seconds for so many bytes.</summary>
    public double Seconds(double bytes) => AlphaSeconds + bytes * SecondsPerByte;
}

/// <summary>What was measured of a collective at one size.</summary>
/// <param name="Bytes">Size of the message, 0 or more.</param>
/// <param name="Seconds">Time, above 0.</param>
public readonly record struct CollectiveSample(double Bytes, double Seconds);

/// <summary>
/// Time of a collective by its size, of one number of ranks on one kind of machine: one line up to a size and another from there on, because libraries change their protocol with the size.
/// </summary>
/// <param name="Small">Line of the small sizes.</param>
/// <param name="Large">Line of the large ones.</param>
/// <param name="LargeFromBytes">Where the large ones begin.</param>
public sealed record CollectiveCurve(AlphaBeta Small, AlphaBeta Large, double LargeFromBytes)
{
    /// <summary>Seconds for so many bytes.</summary>
    public double Seconds(double bytes) => (bytes < LargeFromBytes ? Small : Large).Seconds(bytes);

    /// <summary>The curve with the least sum of squares of relative errors.</summary>
    /// <param name="samples">Measurements of at least two sizes.</param>
    /// <exception cref="ArgumentException">There are fewer than two sizes, or a time is not above 0.</exception>
    public static CollectiveCurve Fit(IEnumerable<CollectiveSample> samples)
    {
        var sorted = samples.OrderBy(static s => s.Bytes).ToArray();
        if (Array.Exists(sorted, static s => !(s.Seconds > 0 && double.IsFinite(s.Seconds) && s.Bytes >= 0 && double.IsFinite(s.Bytes)))) throw new ArgumentException("Sizes must be 0 or more and times above 0.", nameof(samples));
        if (sorted.Length == 0 || sorted[0].Bytes == sorted[^1].Bytes) throw new ArgumentException("Two sizes at least must be measured.", nameof(samples));
        var sums = new Sums[sorted.Length + 1];
        for (var i = 0; i < sorted.Length; i++) sums[i + 1] = sums[i].With(sorted[i]);
        var (whole, least) = sums[^1].Line();
        var best = new CollectiveCurve(whole, whole, 0);
        for (var split = 2; split <= sorted.Length - 2; split++)
        {
            // One size is on one side.
            if (sorted[split].Bytes == sorted[split - 1].Bytes) continue;
            var (small, error) = sums[split].Line();
            var (large, rest) = sums[^1].Without(sums[split]).Line();
            if (error + rest >= least) continue;
            (least, best) = (error + rest, new(small, large, sorted[split].Bytes));
        }
        return best;
    }

    // Sums over samples, weighed by the inverse square of their time: relative errors count.
    private readonly record struct Sums(double W, double B, double Bb, double T, double Bt, double N)
    {
        public Sums With(CollectiveSample s)
        {
            var w = 1 / (s.Seconds * s.Seconds);
            return new(W + w, B + w * s.Bytes, Bb + w * s.Bytes * s.Bytes, T + w * s.Seconds, Bt + w * s.Bytes * s.Seconds, N + 1);
        }

        public Sums Without(Sums s) => new(W - s.W, B - s.B, Bb - s.Bb, T - s.T, Bt - s.Bt, N - s.N);

        public (AlphaBeta Line, double Error) Line()
        {
            var determinant = W * Bb - B * B;
            var flat = new AlphaBeta(T / W, 0);
            // Neither part of a time is negative: noise may say so, and then one part alone fits best.
            if (!(determinant > 1e-12 * W * Bb)) return (flat, Error(flat));
            var line = new AlphaBeta((T * Bb - Bt * B) / determinant, (W * Bt - B * T) / determinant);
            if (line.SecondsPerByte < 0) line = flat;
            if (line.AlphaSeconds < 0) line = new(0, Bt / Bb);
            return (line, Error(line));
        }

        private double Error(AlphaBeta l) =>
            l.AlphaSeconds * l.AlphaSeconds * W + 2 * l.AlphaSeconds * l.SecondsPerByte * B + l.SecondsPerByte * l.SecondsPerByte * Bb - 2 * l.AlphaSeconds * T - 2 * l.SecondsPerByte * Bt + N;
    }
}
