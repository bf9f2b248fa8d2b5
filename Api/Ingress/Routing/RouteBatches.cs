using System.Diagnostics;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Routing;

/// <summary>
/// Takes queries and outcomes to the routers together: a message between two processes costs many times what a decision does. A query leaves at once while fewer than two messages are
/// under way; the next ones gather meanwhile, and outcomes ride along. Each query is decided on its own, against the state of the moment it arrives in.
/// </summary>
internal sealed class RouteBatches(Routers routers, IOptionsMonitor<IngressSettings> settings, TimeProvider time, IngressMetrics metrics)
{
    private const int MostUnderWay = 2;
    private const int MostTogether = 64;

    // Nothing waits longer for a message to leave, whatever the ones before it do.
    private static readonly TimeSpan MostWait = TimeSpan.FromMilliseconds(2);

    private readonly Lock _gate = new();
    private readonly List<Waiting> _queries = [];
    private readonly List<RouteOutcome> _outcomes = [];
    private ITimer? _timer;
    private bool _timed;
    private int _underWay;

    /// <summary>The decision; fails when the message does.</summary>
    public Task<RouteDecision> RouteAsync(RouteQuery query)
    {
        var waiting = new Waiting(query);
        Batch? batch;
        lock (_gate)
        {
            _queries.Add(waiting);
            batch = _underWay < MostUnderWay || _queries.Count >= MostTogether ? Take() : null;
            if (batch is null) LeaveSoon();
        }
        if (batch is not null) _ = SendAsync(batch);
        return waiting.Task;
    }

    /// <summary>Reports without waiting: with the next query, or a moment later without one.</summary>
    public void Report(RouteOutcome outcome)
    {
        Batch? batch;
        lock (_gate)
        {
            _outcomes.Add(outcome);
            batch = _outcomes.Count >= MostTogether ? Take() : null;
            if (batch is null) LeaveSoon();
        }
        if (batch is not null) _ = SendAsync(batch);
    }

    /// <summary>All that waits, as a message.</summary>
    private Batch Take()
    {
        var batch = new Batch([.. _queries], [.. _outcomes]);
        _queries.Clear();
        _outcomes.Clear();
        _underWay++;
        return batch;
    }

    private void LeaveSoon()
    {
        if (_timed) return;
        _timed = true;
        _timer ??= CreateTimer();
        _timer.Change(MostWait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Of no request's trace: it serves all that come after.</summary>
    private ITimer CreateTimer()
    {
        using var apart = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return time.CreateTimer(static batches => ((RouteBatches)batches!).Leave(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void Leave()
    {
        Batch? batch = null;
        lock (_gate)
        {
            _timed = false;
            if (_queries.Count + _outcomes.Count > 0) batch = Take();
        }
        if (batch is not null) _ = SendAsync(batch);
    }

    /// <summary>Sends a message and hands its decisions out; never throws.</summary>
    private async Task SendAsync(Batch batch)
    {
        Task<RouteDecision[]>? call = null;
        // The one message belongs to the trace of its first query, whoever happens to send it; the routers' spans belong to each query's own.
        Activity.Current = batch.Queries is [var first, ..] ? first.Span : null;
        try
        {
            call = routers.Next().RouteBatch([.. batch.Queries.Select(q => q.Query)], batch.Outcomes).AsTask();
            var decisions = await call.WaitAsync(settings.CurrentValue.RouteTimeout, time);
            Arrived();
            // Each request of a message goes on by itself, the last one on this thread: to wake another one costs more than a decision.
            for (var i = 0; i < decisions.Length - 1; i++) ThreadPool.UnsafeQueueUserWorkItem(static d => d.Waiting.TrySetResult(d.Decision), (Waiting: batch.Queries[i], Decision: decisions[i]), preferLocal: false);
            if (decisions.Length > 0) batch.Queries[^1].TrySetResult(decisions[^1]);
        }
        catch (Exception e)
        {
            Arrived();
            foreach (var _ in batch.Outcomes) metrics.ReportLost(nameof(IRouterGrain.Report));
            foreach (var query in batch.Queries) query.TrySetException(e);
            if (call is not null) GiveBack(call);
        }
    }

    private void Arrived()
    {
        Batch? batch = null;
        lock (_gate)
        {
            _underWay--;
            if (_queries.Count > 0 && _underWay < MostUnderWay) batch = Take();
        }
        if (batch is not null) _ = SendAsync(batch);
    }

    /// <summary>A message that nobody waits for any more may still reserve places.</summary>
    private void GiveBack(Task<RouteDecision[]> call) => call.ContinueWith(
        late =>
        {
            if (!late.IsCompletedSuccessfully)
            {
                _ = late.Exception;
                return;
            }
            foreach (var decision in late.Result)
            {
                if (decision.Status == RouteStatus.Routed) Report(new() { DecisionId = decision.DecisionId, Status = OutcomeStatus.Cancelled });
            }
        },
        CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private sealed record Batch(Waiting[] Queries, RouteOutcome[] Outcomes);

    private sealed class Waiting(RouteQuery query) : TaskCompletionSource<RouteDecision>
    {
        public RouteQuery Query { get; } = query;

        public Activity? Span { get; } = Activity.Current;
    }
}
