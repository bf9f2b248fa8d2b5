namespace InferMesh.Strategies.Experiments;

/// <summary>
/// Means of two arms, of logarithms or of values cut at a cap, from histograms. The interval of the difference is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and
/// Ramdas ("Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 2024, theorem 2.2): with n requests, variance v of the difference and a normal mixture
/// of parameter rho, half its width is sqrt(v (n rho^2 + 1) / (n rho^2) log((n rho^2 + 1) / alpha^2)). It is the interval of the mixture sequential probability ratio test of Johari, Pekelis and
/// Walsh ("Always valid inference: continuous monitoring of A/B tests", Operations Research 2022) with the variance estimated. Asymptotic: it needs some hundred requests of each arm first.
/// </summary>
internal sealed class MeanTest : MetricTest
{
    // What rounding to a step adds to the variance of a logarithm, so that arms of constant values are not infinitely sure.
    private static readonly double s_rounding = OutcomeHistogram.LogStep * OutcomeHistogram.LogStep / 12;

    private readonly (long Count, double Mean, double Variance) _control, _arm;
    private readonly bool _isLog;
    private readonly double _factor;

    public MeanTest(ExperimentMetric metric, ArmTally control, ArmTally arm, in TestLevel level)
    {
        _isLog = metric.Statistic == Statistic.GeometricMean;
        var (a, b, cap) = (control.Values(metric.Measure), arm.Values(metric.Measure), metric.Level);
        (_control, _arm) = _isLog ? (a.LogMoments(), b.LogMoments()) : (a.Moments(Capped), b.Moments(Capped));
        _factor = Factor((_control.Count + _arm.Count) / level.DesignEffect, level.Alpha, level.TypicalRequests) * level.DesignEffect;

        // What is in the first step is nothing, or as good as that.
        double Capped(int step) => step == 0 ? 0 : Math.Min(OutcomeHistogram.Middle(step), cap);
    }

    public override double Control => Figure(_control);

    public override double Value => Figure(_arm);

    public override bool IsAbove(double effect) => Difference(effect) is var (difference, half) && difference > half;

    public override bool IsBelow(double effect) => Difference(effect) is var (difference, half) && -difference > half;

    /// <summary>The mean on the scale of the values; of no values there is none.</summary>
    private double Figure((long Count, double Mean, double Variance) side) => side.Count == 0 ? double.NaN : _isLog ? Math.Exp(side.Mean) : side.Mean;

    /// <summary>What the arm has beyond an effect, and half the width of the interval.</summary>
    private (double Difference, double Half) Difference(double effect)
    {
        if (_control.Count < 2 || _arm.Count < 2) return (0, double.PositiveInfinity);
        var (times, plus) = _isLog ? (1.0, Math.Log(1 + effect)) : (1 + effect, 0.0);
        var variance = Variance(_arm) + times * times * Variance(_control);
        return (_arm.Mean - times * _control.Mean - plus, Math.Sqrt(variance * _factor));
    }

    /// <summary>Variance of a mean.</summary>
    private double Variance((long Count, double Mean, double Variance) side) => (side.Variance + s_rounding * (_isLog ? 1 : side.Mean * side.Mean)) / side.Count;

    /// <summary>What the variance of a difference is multiplied by to become the square of half the width of its interval.</summary>
    /// <param name="n">Requests behind it.</param>
    /// <param name="side">Probability of ever being wrong to one side.</param>
    /// <param name="typicalRequests">Requests at which it is tightest.</param>
    internal static double Factor(double n, double side, double typicalRequests)
    {
        // The paper's alpha is of both sides.
        var alpha = 2 * side;
        var rhoSquare = (-2 * Math.Log(alpha) + Math.Log(1 - 2 * Math.Log(alpha))) / typicalRequests;
        var information = n * rhoSquare;
        return (information + 1) / information * Math.Log((information + 1) / (alpha * alpha));
    }
}
