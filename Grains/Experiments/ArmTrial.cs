using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Routing;
using InferMesh.Strategies.Experiments;
using InferMesh.Strategies.Routing;

namespace InferMesh.Grains.Experiments;

/// <summary>
/// A request in flight that takes part in an experiment. Callers measure the attempt that answered; what earlier ones took is added here, so that an arm pays for those that its picks made
/// necessary. Used under the lock of its reservation.
/// </summary>
internal sealed class ArmTrial(ArmRequest request, Choice choice, double pricePerHour, long startedAtTicks, bool again)
{
    // Who leaves sooner has changed its mind: nobody knows whether the token would have come in time.
    private const double ShortestWaitSeconds = 1;

    private readonly long _startedAtTicks = startedAtTicks;
    private Choice _on = choice;
    private double _pricePerHour = pricePerHour;
    private long _sentAtTicks = startedAtTicks;
    private (Choice To, double Price, long AtTicks)? _copy;
    private double _spent;

    /// <summary>The request is sent.</summary>
    /// <param name="request">Its arm, and who decided.</param>
    /// <param name="choice">Where to.</param>
    /// <param name="pricePerHour">Dollars.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="again">Whether an earlier decision for it has counted as failed.</param>
    public static ArmTrial Begin(in ArmRequest request, Choice choice, double pricePerHour, long nowTicks, bool again = false)
    {
        request.Arm.Begin(again);
        return new(request, choice, pricePerHour, nowTicks, again);
    }

    /// <summary>A copy of the request is sent.</summary>
    public void Copied(Choice to, double price, long nowTicks) => _copy = (to, price, nowTicks);

    /// <summary>Another attempt answers, or goes on.</summary>
    public void Moved(Choice to, double price, long nowTicks)
    {
        // A copy that answers was sent when it was sent, not when that became known; the first attempt that outruns its copy has gone on all the time.
        if (_copy is var (copied, _, at) && copied == to)
        {
            _spent += Cost(_on, _pricePerHour, nowTicks - _sentAtTicks);
            _sentAtTicks = at;
        }
        else
        {
            if (_copy is not null) _spent += CostOfCopy(nowTicks);
            if (_on != to)
            {
                _spent += Cost(_on, _pricePerHour, nowTicks - _sentAtTicks);
                _sentAtTicks = nowTicks;
            }
        }
        (_on, _pricePerHour, _copy) = (to, price, null);
    }

    /// <summary>It is over.</summary>
    /// <param name="outcome">What its caller says; null when nobody said in time.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    public void Ended(RouteOutcome? outcome, long nowTicks) =>
        request.Arm.End(outcome is not null && Judge(outcome, nowTicks) is { } known ? known with { FellBack = request.FellBack } : null, again);

    private ArmOutcome? Judge(RouteOutcome outcome, long nowTicks)
    {
        // Who speaks for one tenant could decide by made-up outcomes what serves all.
        if (outcome.Tenant is not null) return null;
        // Nobody used the decision, such as one that came too late: its place was given back at once.
        if (outcome is { Status: OutcomeStatus.Cancelled, NodeId.Length: 0, TtftMs: null }) return null;
        var age = Seconds(nowTicks - _sentAtTicks);
        var earlier = Seconds(_sentAtTicks - _startedAtTicks);
        var (ttft, e2e) = (StrategyFeedback.Seconds(outcome.TtftMs, age) + earlier, StrategyFeedback.Seconds(outcome.LatencyMs, age) + earlier);
        var forever = TimesOf(double.PositiveInfinity);
        return outcome.Status switch
        {
            OutcomeStatus.Success => new(ttft, TimesOf(e2e).E2e, CostUntil(e2e - earlier, nowTicks), Failed: false),
            OutcomeStatus.Cancelled => Left(ttft, double.IsNaN(e2e) ? age + earlier : e2e, earlier, nowTicks),
            // The node answered that the request itself is wrong, which says nothing of the arm.
            OutcomeStatus.Rejected when outcome.TtftMs is not null => null,
            _ => new(forever.Ttft, forever.E2e, double.NaN, Failed: true),
        };
    }

    /// <summary>So many seconds, as those times that the answer would have had.</summary>
    private (double Ttft, double E2e) TimesOf(double seconds) => request.Answer switch
    {
        AnswerForm.Whole => (double.NaN, seconds),
        AnswerForm.Conversation => (double.NaN, double.NaN),
        _ => (seconds, seconds),
    };

    /// <summary>Its client gave up. It waited so long, and would have longer: who leaves such requests out makes the arm look fast that is left more often.</summary>
    private ArmOutcome Left(double ttft, double waited, double earlier, long nowTicks)
    {
        var cost = CostUntil(waited - earlier, nowTicks);
        var (first, last) = TimesOf(waited);
        if (!double.IsNaN(ttft)) return new(ttft, last, cost, Failed: false);
        return waited >= ShortestWaitSeconds ? new(first, last, cost, Failed: false) : new(double.NaN, double.NaN, cost, Failed: false);
    }

    /// <summary>Dollars of all attempts, the last one having taken so long; not a number when one of their prices is unknown.</summary>
    private double CostUntil(double seconds, long nowTicks) => _spent + Cost(_on, _pricePerHour, seconds) + (_copy is null ? 0 : CostOfCopy(nowTicks));

    private double CostOfCopy(long nowTicks) => Cost(_copy!.Value.To, _copy.Value.Price, nowTicks - _copy.Value.AtTicks);

    private static double Cost(Choice on, double pricePerHour, long ticks) => Cost(on, pricePerHour, Seconds(ticks));

    /// <summary>The time of the GPUs, shared with the requests that were there when it came.</summary>
    private static double Cost(Choice on, double pricePerHour, double seconds) => pricePerHour / 3600 * seconds / Math.Max(1, on.Load + 1);

    private static double Seconds(long ticks) => ticks / (double)TimeSpan.TicksPerSecond;
}
