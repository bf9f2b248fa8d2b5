using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Routing;

/// <summary>
/// The place that a decision reserved. Nobody waits for its calls, yet they arrive in order, and the last one is sent exactly once.
/// Used by one request at a time.
/// </summary>
internal sealed class Reservation(IngressRouter router, string id)
{
    private Task _calls = Task.CompletedTask;
    private bool _settled;

    /// <summary>The attempt goes to another node of the decision.</summary>
    public void Move(string nodeId) => Send(nameof(Move), r => r.Move(id, nodeId));

    /// <summary>A copy goes to a second node; <see cref="Move"/> to one of the two ends the other's place.</summary>
    public void Hedge(string nodeId) => Send(nameof(Hedge), r => r.Hedge(id, nodeId));

    /// <summary>The request is over, as far as this decision goes. Later calls do nothing.</summary>
    /// <param name="status">How the last attempt ended.</param>
    /// <param name="nodeId">Node of the last attempt; "" when there was none.</param>
    /// <param name="latency">From sending it to the last byte.</param>
    /// <param name="ttft">From sending it to the first token; null when nobody knows.</param>
    /// <param name="outputTokens">Tokens of the answer; null when nobody knows.</param>
    public void Settle(OutcomeStatus status, string nodeId, TimeSpan latency, TimeSpan? ttft, int? outputTokens)
    {
        if (_settled) return;
        _settled = true;
        var outcome = new RouteOutcome
        {
            DecisionId = id,
            Status = status,
            NodeId = nodeId,
            LatencyMs = latency.TotalMilliseconds,
            TtftMs = ttft?.TotalMilliseconds,
            OutputTokens = outputTokens,
        };
        if (_calls.IsCompleted) router.Report(outcome);
        else _calls.ContinueWith(_ => router.Report(outcome), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Send(string call, Func<IRouterGrain, ValueTask<bool>> send) => _calls = SendAfterAsync(_calls, call, send);

    private async Task SendAfterAsync(Task before, string call, Func<IRouterGrain, ValueTask<bool>> send)
    {
        await before;
        await router.SendAsync(call, id, send);
    }
}
