namespace InferMesh.Strategies.Learning;

/// <summary>Events per second, exponentially weighted over time: an event counts 1/e after the time constant.</summary>
internal struct EventRate
{
    private double _perSecond;
    private long _atTicks;

    /// <summary>One event now; a clock that was set back counts as standing still.</summary>
    public void Add(long nowTicks, double timeConstantSeconds)
    {
        _perSecond = At(nowTicks, timeConstantSeconds) + 1 / timeConstantSeconds;
        _atTicks = Math.Max(_atTicks, nowTicks);
    }

    /// <summary>The rate at a moment.</summary>
    public readonly double At(long nowTicks, double timeConstantSeconds) =>
        _perSecond == 0 ? 0 : _perSecond * Math.Exp(-Math.Max(0, nowTicks - _atTicks) / (double)TimeSpan.TicksPerSecond / timeConstantSeconds);
}
