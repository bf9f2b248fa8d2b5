using System.Collections.Concurrent;
using InferMesh.Api.Decisions;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Routing;

/// <summary>Asks the routers of the cluster, patiently enough to outlive a silo that dies under the call.</summary>
internal sealed partial class IngressRouter(
    Routers routers, RouteBatches batches, OpenReservations open, DecisionLog decisions, IOptionsMonitor<IngressSettings> settings, TimeProvider time, IngressMetrics metrics, ILogger<IngressRouter> logger)
{
    // Tries go on for this many times the limit of one: calls that a stopping silo refuses fail at once, and the next silo may be seconds away.
    private const int Patience = 3;

    // A router answers a waiting query at least this often.
    private static readonly TimeSpan MaxPiece = TimeSpan.FromSeconds(1);

    // Grows with each try up to the longest, so that a rejecting gateway is not hammered.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    // As many as a router takes.
    private const int MaxHeaders = 8;

    private readonly ConcurrentDictionary<string, bool> _prefixModels = new(StringComparer.Ordinal);
    private readonly Lock _headersGate = new();
    private readonly Dictionary<string, IReadOnlyList<string>> _headerModels = new(StringComparer.Ordinal);
    private volatile string[] _headers = [];

    /// <summary>Whether the last decision for the model asked for the blocks of prompts. Before the first one nobody knows: that prompt goes without.</summary>
    public bool WantsPrefix(string model) => !_prefixModels.IsEmpty && _prefixModels.ContainsKey(model);

    /// <summary>The headers of a request by which experiments split, as far as decisions have asked for them; null for none. Before the first one nobody knows: that request takes no part.</summary>
    public IReadOnlyDictionary<string, string>? HeadersOf(IHeaderDictionary given)
    {
        var wanted = _headers;
        if (wanted.Length == 0) return null;
        var found = new Dictionary<string, string>(wanted.Length);
        foreach (var name in wanted)
        {
            if (given[name].ToString() is { Length: > 0 and <= RequestHeaders.MaxTextLength } value) found[name] = value;
        }
        return found.Count > 0 ? found : null;
    }

    /// <summary>A decision, or null when no router answered in any try. Where all targets are full it waits for its turn as long as the query's policy allows.</summary>
    /// <param name="query">The query.</param>
    /// <param name="waiting">Told the time of the wait at its end, if there was one.</param>
    /// <param name="cancellationToken">Ends the wait, wherever it is.</param>
    public Task<RouteDecision?> RouteAsync(RouteQuery query, Action<TimeSpan> waiting, CancellationToken cancellationToken) =>
        GenAi.Activities.HasListeners() ? TraceAsync(query, waiting, cancellationToken) : DecideAsync(query, waiting, cancellationToken);

    private async Task<RouteDecision?> TraceAsync(RouteQuery query, Action<TimeSpan> waiting, CancellationToken cancellationToken)
    {
        using var span = GenAi.Activities.StartActivity("decision");
        var decision = await DecideAsync(span is { Recorded: true, Id: { } id } ? query with { TraceParent = id } : query, waiting, cancellationToken);
        span?.SetTag("infermesh.outcome", decision?.Status.ToString() ?? "no_router").SetTag("infermesh.strategy", decision?.Strategy).SetTag("infermesh.decision", decision?.DecisionId)
            .SetTag("infermesh.considered", decision?.Considered).SetTag("infermesh.eligible", decision?.Eligible).SetTag("infermesh.silo", decision?.Silo);
        if (decision is { Experiment.Length: > 0 }) span?.SetTag("infermesh.experiment", decision.Experiment).SetTag("infermesh.arm", decision.Arm);
        return decision;
    }

    private async Task<RouteDecision?> DecideAsync(RouteQuery query, Action<TimeSpan> waiting, CancellationToken cancellationToken)
    {
        var decision = await CallAsync(query, queued: false, TimeSpan.Zero, cancellationToken);
        if (decision is not { Status: RouteStatus.Overloaded, MaxQueueWait: var most } || most <= query.Waited) return Kept(query, decision);
        var started = time.GetTimestamp();
        try
        {
            while (decision is { Status: RouteStatus.Overloaded, Refusal: RouteRefusal.None })
            {
                var waited = query.Waited + time.GetElapsedTime(started);
                // Another silo may answer each time; the turn goes by what the query says of itself.
                decision = await CallAsync(query with { Waited = waited }, queued: true, most - waited, cancellationToken);
            }
            return Kept(query, decision);
        }
        finally
        {
            waiting(time.GetElapsedTime(started));
        }
    }

    private RouteDecision? Kept(RouteQuery query, RouteDecision? decision)
    {
        if (decision is not null) decisions.Take(DecisionSource.Ingress, query, decision);
        return decision;
    }

    private async Task<RouteDecision?> CallAsync(RouteQuery query, bool queued, TimeSpan wait, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            Task<RouteDecision>? answer = null;
            try
            {
                // With others the first time, which has a limit of its own; alone when that failed, since it may have been another query's fault.
                var together = !queued && attempt == 1;
                answer = together ? batches.RouteAsync(query)
                    : queued ? routers.Next().RouteQueued(query, cancellationToken).AsTask()
                    : routers.Next().Route(query).AsTask();
                var limit = together ? Timeout.InfiniteTimeSpan : settings.CurrentValue.RouteTimeout + TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, MaxPiece.Ticks));
                var decision = await answer.WaitAsync(limit, time, cancellationToken);
                if (decision.Status == RouteStatus.Routed) Note(query.Model, decision);
                return decision;
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                GiveBack(answer);
                throw;
            }
            catch (Exception e)
            {
                GiveBack(answer);
                metrics.RouteFailed(e.GetType().Name);
                RouteTryFailed(query.RequestId, attempt, e.Message);
                if (time.GetElapsedTime(started) >= settings.CurrentValue.RouteTimeout * Patience) return null;
            }
            var pause = Pause * attempt;
            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken);
        }
    }

    /// <summary>Which of the nodes cannot answer for the model any more, as far as the mesh knows; none when no router says.</summary>
    public async Task<IReadOnlyList<string>> LostNodesAsync(string model, IReadOnlyList<string> nodeIds, CancellationToken cancellationToken)
    {
        try
        {
            return await routers.Next().LostNodes(model, nodeIds).AsTask().WaitAsync(settings.CurrentValue.RouteTimeout, time, cancellationToken);
        }
        catch (Exception e)
        {
            metrics.RouteFailed(e.GetType().Name);
            return [];
        }
    }

    /// <summary>A call that nobody waits for any more may still reserve a place.</summary>
    private void GiveBack(Task<RouteDecision>? answer) => answer?.ContinueWith(
        late =>
        {
            if (late is { IsCompletedSuccessfully: true, Result.Status: RouteStatus.Routed }) Take(late.Result).Settle(OutcomeStatus.Cancelled, "", TimeSpan.Zero, null, null);
            else _ = late.Exception;
        },
        CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Takes charge of the reservation of a decision.</summary>
    public Reservation Take(RouteDecision decision)
    {
        open.Add(decision.DecisionId);
        return new(this, decision.DecisionId);
    }

    /// <summary>Tells how a request ended; what does not arrive is counted, and the lease of the reservation makes up for it.</summary>
    internal void Report(RouteOutcome outcome)
    {
        open.Remove(outcome.DecisionId);
        decisions.Settle(outcome);
        batches.Report(outcome);
    }

    /// <summary>One try: what does not arrive is counted, and the lease of the reservation makes up for it.</summary>
    internal async Task SendAsync(string call, string reservationId, Func<IRouterGrain, ValueTask<bool>> send)
    {
        try
        {
            await send(routers.Next()).AsTask().WaitAsync(settings.CurrentValue.RouteTimeout, time);
        }
        catch (Exception e)
        {
            metrics.ReportLost(call);
            CallLost(call, reservationId, e.Message);
        }
    }

    /// <summary>Grows no further than the models that are served: a decision that routes nothing is not noted.</summary>
    private void Note(string model, RouteDecision decision)
    {
        if (decision.HeadersWanted.Count > 0 || _headers.Length > 0) NoteHeaders(model, decision.HeadersWanted);
        if (decision.PrefixWanted) _prefixModels.TryAdd(model, true);
        else if (!_prefixModels.IsEmpty) _prefixModels.TryRemove(model, out _);
    }

    private void NoteHeaders(string model, IReadOnlyList<string> wanted)
    {
        // One at a time: of two that did this at once, the later list could lack what the other had just noted, and nothing would mend it.
        lock (_headersGate)
        {
            if (_headerModels.TryGetValue(model, out var known) ? known.SequenceEqual(wanted) : wanted.Count == 0) return;
            if (wanted.Count > 0) _headerModels[model] = wanted;
            else _headerModels.Remove(model);
            // Of all models: an endpoint chooses its model later.
            _headers = [.. _headerModels.Values.SelectMany(static h => h).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MaxHeaders)];
        }
    }

    [LoggerMessage(LogLevel.Debug, "Request {RequestId}: routing try {Attempt} failed: {Reason}")]
    private partial void RouteTryFailed(string requestId, int attempt, string reason);

    [LoggerMessage(LogLevel.Debug, "{Call} of reservation {ReservationId} was lost: {Reason}")]
    private partial void CallLost(string call, string reservationId, string reason);
}
