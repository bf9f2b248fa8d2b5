namespace InferMesh.Strategies.Learning;

/// <summary>
/// A running mean of logarithms of ratios that forgets slowly, and its spread: the plain mean at first, an exponentially weighted one later. A mean of logarithms is not
/// carried away by one late answer, and takes 2x and 1/2x as equally far off. Bounded by construction: what is observed is.
/// </summary>
internal struct LogMean
{
    /// <summary>Ratios are cut to 1/8 to 8: beyond it something broke, and how much says nothing of the next request.</summary>
    public const double MaxLog = 2.0794415416798357;

    /// <summary>Values so far.</summary>
    public int Count { get; private set; }

    /// <summary>Mean.</summary>
    public double Mean { get; private set; }

    /// <summary>Mean squared distance from the mean.</summary>
    public double Variance { get; private set; }

    /// <summary>Takes a value in; <paramref name="rate"/> is the least weight of the newest, 0 to 1.</summary>
    public void Observe(double value, double rate)
    {
        if (Count < int.MaxValue) Count++;
        var weight = Math.Max(rate, 1.0 / Count);
        var distance = value - Mean;
        Mean += weight * distance;
        Variance = (1 - weight) * (Variance + weight * distance * distance);
    }

    /// <summary>The mean as far as it can be trusted: <paramref name="prior"/> is how many values the guess of "no difference" is worth.</summary>
    public readonly double Shrunk(double prior) => Count == 0 ? 0 : Mean * Count / (Count + prior);

    /// <summary>The same, less what is no more than a misfit.</summary>
    public readonly double Beyond(double misfit, double prior) => Shrunk(prior) is var mean && mean > misfit ? mean - misfit : mean < -misfit ? mean + misfit : 0;

    /// <summary>The logarithm of a ratio, within bounds; 0 for what is no ratio.</summary>
    public static double Log(double ratio) => ratio > 0 && double.IsFinite(ratio) ? Math.Clamp(Math.Log(ratio), -MaxLog, MaxLog) : 0;
}
