namespace InferMesh.Strategies.Learning;

/// <summary>
/// A quantile of measured over expected time, learned one answer at a time: up by a step when the answer was later, down by less when it was not, so that it rests
/// where the wanted share is below it (Robbins and Monro 1951; as Frugal streaming, Ma, Muthukrishnan and Sandler 2013, on a logarithmic scale). Bounded, one number
/// of state. Thread-safe.
/// </summary>
internal sealed class RatioQuantile(double quantile, double start, double min, double max)
{
    private const double FirstStep = 0.5;
    private const double LastStep = 0.05;

    private readonly Lock _gate = new();
    private double _value = start;
    private int _count;

    /// <summary>The quantile.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>Takes in one ratio; what is not positive and finite is left out.</summary>
    public void Observe(double ratio)
    {
        if (!(ratio > 0 && double.IsFinite(ratio))) return;
        lock (_gate)
        {
            // Large steps first, to leave the guess behind; small ones later, to rest. Never zero: a fleet changes.
            var step = Math.Max(LastStep, FirstStep / (1 + 0.1 * _count));
            if (_count < int.MaxValue) _count++;
            var moved = _value * Math.Exp(step * (ratio > _value ? quantile : quantile - 1));
            Volatile.Write(ref _value, Math.Clamp(moved, min, max));
        }
    }
}
