using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Experiments;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Experiments;

/// <summary>
/// A request in flight that takes part in an experiment. Callers measure the attempt that answered; what earlier ones took is added here, so that an arm pays for those that its picks made
/// necessary. Used under the lock of its reservation.
/// </summary>
internal sealed class ArmTrial(RunningArm arm, Choice choice, double pricePerHour, long startedAtTicks)
{
    private readonly long _startedAtTicks = startedAtTicks;
    private Choice _on = choice;
    private double _pricePerHour = pricePerHour;
    private long _sentAtTicks = startedAtTicks;
    private (Choice To, long AtTicks)? _copy;

    /// <summary>The request is sent.</summary>
    public static ArmTrial Begin(RunningArm arm, Choice choice, double pricePerHour, long nowTicks)
    {
        arm.Begin();
        return new(arm, choice, pricePerHour, nowTicks);
    }

    /// <summary>A copy of the request is sent.</summary>
    public void Copied(Choice to, long nowTicks) => _copy = (to, nowTicks);

    /// <summary>Another attempt answers, or goes on.</summary>
    public void Moved(Choice to, double price, long nowTicks)
    {
        // A copy that answers was sent when it was sent, not when that became known; the first attempt that outruns its copy has gone on all the time.
        if (_copy is var (copied, at) && copied == to) _sentAtTicks = at;
        else if (_on != to) _sentAtTicks = nowTicks;
        (_on, _pricePerHour, _copy) = (to, price, null);
    }

    /// <summary>It is over.</summary>
    /// <param name="outcome">What its caller says; null when nobody said in time.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    public void Ended(RouteOutcome? outcome, long nowTicks) => arm.End(outcome is null ? null : Judge(outcome, nowTicks));

    private ArmOutcome? Judge(RouteOutcome outcome, long nowTicks)
    {
        // Who speaks for one tenant could decide by made-up outcomes what serves all.
        if (outcome.Tenant is not null) return null;
        var age = Seconds(nowTicks - _sentAtTicks);
        var earlier = Seconds(_sentAtTicks - _startedAtTicks);
        var (ttft, e2e) = (StrategyFeedback.Seconds(outcome.TtftMs, age) + earlier, StrategyFeedback.Seconds(outcome.LatencyMs, age) + earlier);
        return outcome.Status switch
        {
            OutcomeStatus.Success => new(ttft, e2e, Cost(e2e - earlier), Failed: false),
            // Its client waited so long, and would have longer: who leaves such requests out makes the arm look fast that is left more often.
            OutcomeStatus.Cancelled => new(double.IsNaN(ttft) ? age + earlier : ttft, double.NaN, double.NaN, Failed: false),
            // The node answered that the request itself is wrong, which says nothing of the arm.
            OutcomeStatus.Rejected when outcome.TtftMs is not null => null,
            _ => new(double.NaN, double.NaN, double.NaN, Failed: true),
        };
    }

    /// <summary>Dollars: the time of the GPUs, shared with the requests that were there when it came.</summary>
    private double Cost(double seconds) => _pricePerHour / 3600 * seconds / Math.Max(1, _on.Load + 1);

    private static double Seconds(long ticks) => ticks / (double)TimeSpan.TicksPerSecond;
}
