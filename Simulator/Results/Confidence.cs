namespace InferMesh.Simulator.Results;

/// <summary>A mean over seeds and how sure it is.</summary>
/// <param name="Count">Values.</param>
/// <param name="Mean">Their mean; 0 without values.</param>
/// <param name="StdDev">Their standard deviation (n - 1); 0 below two values.</param>
/// <param name="HalfWidth">Half the width of the 95 % interval; infinite below two values, because one seed says nothing of the next.</param>
public readonly record struct ConfidenceInterval(int Count, double Mean, double StdDev, double HalfWidth)
{
    /// <summary>Lower end.</summary>
    public double Low => Mean - HalfWidth;

    /// <summary>Upper end.</summary>
    public double High => Mean + HalfWidth;

    /// <summary>Whether there is an interval at all: two values and more.</summary>
    public bool IsKnown => Count >= 2;
}

/// <summary>Student's t intervals of a few independent runs.</summary>
public static class Confidence
{
    private const double Level = 0.95;

    /// <summary>The 95 % interval of the mean of <paramref name="values"/>.</summary>
    public static ConfidenceInterval Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0) return new(0, 0, 0, double.PositiveInfinity);
        var mean = values.Sum() / values.Count;
        if (values.Count == 1) return new(1, mean, 0, double.PositiveInfinity);
        // Equal values have no spread, whatever the rounding of their sum.
        var variance = values.Min().Equals(values.Max()) ? 0 : values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1);
        var deviation = Math.Sqrt(variance);
        return new(values.Count, mean, deviation, Quantile(values.Count - 1) * deviation / Math.Sqrt(values.Count));
    }

    /// <summary>
    /// The 95 % interval of the mean of <c>a[i] - b[i]</c>: runs with equal seeds meet the same requests, so that what they share cancels out.
    /// </summary>
    public static ConfidenceInterval OfDifference(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        if (a.Count != b.Count) throw new ArgumentException($"{a.Count} and {b.Count} values cannot be paired.", nameof(b));
        return Of([.. a.Zip(b, static (x, y) => x - y)]);
    }

    /// <summary>The factor of the two-sided 95 % interval for <paramref name="degreesOfFreedom"/>, 1 or more.</summary>
    internal static double Quantile(int degreesOfFreedom)
    {
        double low = 0, high = 20;
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Inside(middle, degreesOfFreedom) < Level) low = middle;
            else high = middle;
        }
        return (low + high) / 2;
    }

    /// <summary>Probability that |T| is at most <paramref name="t"/>: Abramowitz and Stegun, 26.7.3 and 26.7.4.</summary>
    private static double Inside(double t, int n)
    {
        var theta = Math.Atan(t / Math.Sqrt(n));
        var (sine, cosine) = Math.SinCos(theta);
        if (n == 1) return 2 / Math.PI * theta;
        var odd = n % 2 == 1;
        double term = odd ? cosine : 1, sum = term;
        for (var k = odd ? 3 : 2; k <= n - 2; k += 2)
        {
            term *= cosine * cosine * (k - 1) / k;
            sum += term;
        }
        return odd ? 2 / Math.PI * (theta + sine * sum) : sine * sum;
    }
}
