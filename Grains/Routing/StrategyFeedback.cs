using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Grains.Routing;

/// <summary>
/// Tells strategies that learn what was sent where and what came of it. Only what was measured is told: a lease that ends, an answer without times or a
/// request that was wrong in itself leaves what was learned as it is.
/// </summary>
internal sealed class StrategyFeedback(RoutingTableCache cache, DecisionRecording? recording = null)
{
    // A caller's clock and ours may differ by this much.
    private const double SlackSeconds = 1;

    /// <summary>The request goes to the choice now: before the counters of the target change. Null for a strategy that does not learn, unless all is recorded.</summary>
    public Attempt? Dispatched(IRoutingStrategy strategy, RoutingRequest request, Choice choice, long nowTicks)
    {
        var learning = strategy as ILearningStrategy;
        // Another strategy that a recording is put to may learn from what this one does not.
        if (learning is null && recording is not { IsComplete: true }) return null;
        double? load = null;
        if (cache.Current.Table.Models.TryGetValue(request.Model, out var targets))
        {
            recording?.Sent(strategy, targets, request, choice.Identity, nowTicks);
            load = learning?.Dispatched(targets, request, choice.Identity, nowTicks);
        }
        var backlog = Math.Max(0, choice.Local.PrefillUntilTicks - nowTicks) / (double)TimeSpan.TicksPerSecond;
        return new(strategy, request, choice, load ?? choice.Load, Batch(choice), backlog, nowTicks) { Recording = recording };
    }

    /// <summary>The attempt as it would be on another choice of the decision.</summary>
    public static Attempt On(Attempt attempt, Choice other) => attempt with { Choice = other, LoadAtDispatch = other.Load, BatchAtDispatch = Batch(other), PrefillBacklogSeconds = 0 };

    /// <summary>The caller gave the attempt up for another target.</summary>
    public static void Failed(Attempt attempt, long nowTicks) => Completed(attempt, new() { DecisionId = "", Status = OutcomeStatus.Error }, nowTicks);

    /// <summary>The caller says what came of the attempt.</summary>
    public static void Completed(Attempt attempt, RouteOutcome report, long nowTicks)
    {
        var age = Math.Max(0, nowTicks - attempt.AtTicks) / (double)TimeSpan.TicksPerSecond;
        var ttft = Seconds(report.TtftMs, age);
        var e2e = Seconds(report.LatencyMs, age);
        var succeeded = report.Status == OutcomeStatus.Success;
        switch (report.Status)
        {
            case OutcomeStatus.Rejected when report.TtftMs is not null:
            case OutcomeStatus.Cancelled when double.IsNaN(ttft):
                return;
            case OutcomeStatus.Cancelled:
                // The node did its part up to here: its first token was measured, its last one will never come.
                (succeeded, e2e) = (true, double.NaN);
                break;
            case OutcomeStatus.Success:
                break;
            default:
                ttft = double.NaN;
                break;
        }

        // As the decision knew the prompt, right or wrong: what is learned is applied to the numbers of decisions.
        var request = attempt.Request;
        var prompt = request.PromptTokens > 0 ? request.PromptTokens : report.PromptTokens ?? 0;
        if (prompt <= 0) ttft = e2e = double.NaN;
        // How long an answer should take depends on its length: without it only the first token says something.
        if (report.OutputTokens is not > 0) e2e = double.NaN;
        var output = report.OutputTokens is > 0 and var counted ? counted : request.OutputTokens > 0 ? request.OutputTokens : CostModel.Fallback.OutputTokens;
        var told = new Outcome(attempt.Choice.Identity, prompt, output, attempt.Choice.Terms.TotalSeconds, attempt.LoadAtDispatch, ttft, e2e, succeeded, nowTicks, request.Prefix)
        {
            Model = request.Model,
            BatchAtDispatch = attempt.BatchAtDispatch,
            PrefillBacklogSeconds = attempt.PrefillBacklogSeconds,
        };
        attempt.Recording?.Learned(attempt.Strategy, told);
        if (attempt.Strategy is ILearningStrategy learning) learning.Completed(told);
    }

    /// <summary>Dollars per hour of the GPUs of a target; not a number when unknown.</summary>
    public double PricePerHour(string model, Choice choice)
    {
        if (!cache.Current.Table.Models.TryGetValue(model, out var targets)) return double.NaN;
        var target = Array.IndexOf(targets.Local, choice.Local);
        return target < 0 ? double.NaN : targets.PricePerHour[target];
    }

    private static double Batch(Choice choice) => choice.LoadFactor > 0 ? choice.Load / choice.LoadFactor : double.NaN;

    /// <summary>A time that can be true: positive, and not longer than the attempt has lasted.</summary>
    internal static double Seconds(double? ms, double ageSeconds) => ms / 1000 is { } seconds && seconds > 0 && seconds <= ageSeconds + SlackSeconds ? seconds : double.NaN;
}

/// <summary>A request on its way to one target, for a strategy or a recording that wants to know what comes of it.</summary>
/// <param name="Strategy">Who wants to know.</param>
/// <param name="Request">The request as the decision knew it.</param>
/// <param name="Choice">The target and what was expected of it.</param>
/// <param name="LoadAtDispatch">Requests on the target before it.</param>
/// <param name="BatchAtDispatch">Sequences that the target batched then; not a number when unknown.</param>
/// <param name="PrefillBacklogSeconds">Prompts of this router before it.</param>
/// <param name="AtTicks">When it was sent, UTC ticks.</param>
internal sealed record Attempt(
    IRoutingStrategy Strategy, RoutingRequest Request, Choice Choice, double LoadAtDispatch, double BatchAtDispatch, double PrefillBacklogSeconds, long AtTicks)
{
    /// <summary>Writes down what the strategy is told; null when nobody does.</summary>
    public DecisionRecording? Recording { get; init; }
}
