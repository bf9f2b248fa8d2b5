namespace InferMesh.Strategies.Experiments;

/// <summary>How sure a comparison has to be.</summary>
/// <param name="Alpha">Probability of ever being wrong to one side.</param>
/// <param name="ControlWeight">Weight of the control in the split.</param>
/// <param name="ArmWeight">Weight of the arm.</param>
/// <param name="DesignEffect">Requests that say as much as one independent one, 1 or more.</param>
/// <param name="TypicalRequests">Requests of both arms together at which intervals of means are tightest; they hold at all others too.</param>
internal readonly record struct TestLevel(double Alpha, double ControlWeight, double ArmWeight, double DesignEffect, double TypicalRequests);

/// <summary>One metric of an arm against the control, at one moment; each answer holds at all moments together.</summary>
internal abstract class MetricTest
{
    // A ratio of e^7 is a factor of a thousand; 18 halvings of twice that are a hundredth of a percent.
    private const double WidestLog = 7;
    private const int Halvings = 18;

    /// <summary>Creates the test of a metric.</summary>
    public static MetricTest Of(ExperimentMetric metric, ArmTally control, ArmTally arm, in TestLevel level) => metric.Statistic switch
    {
        Statistic.Quantile => new QuantileTest(metric, control, arm, level),
        Statistic.ErrorRate => new RateTest(control, arm, level),
        _ => new MeanTest(metric, control, arm, level),
    };

    /// <summary>The figure of the control.</summary>
    public abstract double Control { get; }

    /// <summary>The figure of the arm.</summary>
    public abstract double Value { get; }

    /// <summary>The effect as measured: a ratio less 1, or a difference.</summary>
    public virtual double Effect => Value / Control - 1;

    /// <summary>Whether the effect is a difference.</summary>
    protected virtual bool IsDifference => false;

    /// <summary>Whether the arm is shown to be worse than the control by more than an effect.</summary>
    public abstract bool IsAbove(double effect);

    /// <summary>Whether it is shown not to be worse by so much.</summary>
    public abstract bool IsBelow(double effect);

    /// <summary>All effects that are not ruled out. An end that nothing is known of is -1 or infinite, of a rate -1 or 1.</summary>
    public (double Low, double High) Interval()
    {
        var widest = IsDifference ? 1 : WidestLog;
        var low = IsAbove(OnScale(-widest)) ? Last(widest, x => IsAbove(OnScale(x))) : -widest;
        var high = IsBelow(OnScale(widest)) ? -Last(widest, x => IsBelow(OnScale(-x))) : widest;
        return (IsDifference || low > -widest ? OnScale(low) : -1, IsDifference || high < widest ? OnScale(high) : double.PositiveInfinity);
    }

    /// <summary>The greatest place from -widest to widest at which something holds that holds at the least and ceases to hold somewhere.</summary>
    private static double Last(double widest, Func<double, bool> holds)
    {
        var (from, to) = (-widest, widest);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (from + to) / 2;
            if (holds(middle)) from = middle;
            else to = middle;
        }
        return from;
    }

    private double OnScale(double x) => IsDifference ? x : Math.Exp(x) - 1;
}
