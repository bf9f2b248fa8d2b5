using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Learning;

/// <summary>What the cost model would have said of a request, had it known the length of the answer: the measure of what is learned.</summary>
/// <param name="NetworkSeconds">Round trip.</param>
/// <param name="QueueSeconds">Wait for a place in the batch.</param>
/// <param name="PrefillSeconds">Prompt processing.</param>
/// <param name="DecodeSeconds">Generation.</param>
internal readonly record struct Expectation(double NetworkSeconds, double QueueSeconds, double PrefillSeconds, double DecodeSeconds)
{
    // Below a millisecond a ratio says more about timers than about GPUs.
    private const double LeastSeconds = 1e-3;

    /// <summary>Expected time to first token, at least a millisecond.</summary>
    public double TtftSeconds => Math.Max(LeastSeconds, NetworkSeconds + QueueSeconds + PrefillSeconds);

    /// <summary>Expected time in all, at least a millisecond.</summary>
    public double E2eSeconds => TtftSeconds + DecodeSeconds;

    /// <summary>The expectation for an answer, at the load that its target had when it was picked.</summary>
    public static Expectation Of(TargetSet targets, int target, in Outcome answer)
    {
        ref readonly var cost = ref targets.Cost[target];
        var load = TargetSet.Or(answer.LoadAtDispatch, 0);
        var batch = answer.BatchIn(cost);
        var prefill = Math.Max(0, answer.PromptTokens) * cost.PrefillSecondsPerToken;
        var decode = Math.Max(1, answer.OutputTokens) * cost.SecondsPerToken(Math.Min(load + 1, batch));
        var waiting = load + 1 - batch;
        var queue = (waiting > 0 ? waiting * (prefill + decode) / batch : 0) + TargetSet.Or(answer.PrefillBacklogSeconds, 0);
        return new(double.IsNaN(cost.RttSeconds) ? 0 : Math.Min(cost.RttSeconds, CostModel.MaxTermSeconds), CostModel.Bounded(queue), CostModel.Bounded(prefill), CostModel.Bounded(decode));
    }
}
