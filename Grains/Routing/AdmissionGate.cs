using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Strategies.Admission;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// The queue in front of each model, on this silo: where a request waits while all targets are full. Whenever a place comes back or a newer table says that there is room, those whose turn
/// it is are decided anew. Nobody waits beyond their deadline, and who could not be served in time is told so at once.
/// </summary>
internal sealed class AdmissionGate
{
    // A caller that is gone must not hold its turn, and one whose silo is gone must ask another one: a wait comes in pieces.
    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(1);

    // Who wants other nodes than the first in line may find room behind it; so many are tried.
    private const int MaxHeads = 8;

    private readonly ConcurrentDictionary<string, WaitingLine> _lines = new(StringComparer.Ordinal);
    private readonly Router _router;
    private readonly ServiceAccount _service;
    private readonly IOptions<RoutingSettings> _settings;
    private readonly TimeProvider _time;

    public AdmissionGate(Router router, ReservationLedger ledger, RoutingTableCache cache, IOptions<RoutingSettings> settings, TimeProvider time)
    {
        (_router, _service, _settings, _time) = (router, ledger.Service, settings, time);
        ledger.Freed += model =>
        {
            if (_lines.TryGetValue(model, out var line)) Pump(line);
        };
        cache.Swapped += () =>
        {
            foreach (var line in _lines.Values) Pump(line);
        };
    }

    private long Now => _time.GetUtcNow().UtcTicks;

    /// <summary>Decides at once. Who may queue does not overtake those who wait already.</summary>
    public RouteDecision Route(RouteQuery query)
    {
        if (query.MayQueue && _lines.TryGetValue(query.Model, out var line) && line.Waiting > 0 && !IsNext(query, line)) return Full(query, _router.Refusal(RouteStatus.Overloaded));
        var decision = _router.Decide(query, dryRun: false);
        return query.MayQueue && decision.Status == RouteStatus.Overloaded ? Full(query, decision) : decision;
    }

    /// <summary>Waits for room, for one piece of the longest wait: overloaded without a refusal means to ask again.</summary>
    public async Task<RouteDecision> RouteQueuedAsync(RouteQuery query, CancellationToken cancellationToken)
    {
        var left = MaxWait(query) - query.Waited;
        var decided = Enter(query, left, out var line, out var waiter);
        if (decided is not null || waiter is null) return decided ?? Refused(RouteRefusal.QueueFull, MaxWait(query));
        try
        {
            return await waiter.Item.Decided.Task.WaitAsync(left < Piece ? left : Piece, _time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // A place that was given to it meanwhile is its own.
            if (!line.Remove(waiter, Now)) return await waiter.Item.Decided.Task;
            cancellationToken.ThrowIfCancellationRequested();
            return left <= Piece ? Refused(RouteRefusal.QueueTimeout, MaxWait(query)) : Full(query, _router.Refusal(RouteStatus.Overloaded));
        }
    }

    /// <summary>Whether nobody who waits goes before it: an urgent request need not stand in line first to find that out.</summary>
    private bool IsNext(RouteQuery query, WaitingLine line)
    {
        var ticket = Ticket(query, MaxWait(query));
        lock (line.Gate) return line.Queue.Ahead(ticket) == 0;
    }

    private QueueTicket Ticket(RouteQuery query, TimeSpan left)
    {
        var rule = _router.Policy(query).Queue;
        return new(rule.Priority, query.Tenant, rule.Weight, Now + left.Ticks);
    }

    /// <summary>The decision when there is one at once, or a place in the line, or neither when that is full.</summary>
    private RouteDecision? Enter(RouteQuery query, TimeSpan left, out WaitingLine line, out QueuedRequest<Waiter>? waiter)
    {
        var ticket = Ticket(query, left);
        waiter = null;
        line = Line(query.Model);
        lock (line.Gate)
        {
            if (line.Queue.Count == 0)
            {
                var decision = _router.Decide(query, dryRun: false);
                if (decision.Status != RouteStatus.Overloaded) return decision;
            }
            if (left <= TimeSpan.Zero) return Refused(RouteRefusal.QueueTimeout, MaxWait(query));
            if (line.ExpectedWait(ticket, Now) is { } wait && wait > left) return Refused(RouteRefusal.QueueDeadline, wait);
            waiter = line.Queue.Add(new(query), ticket, Now, out var displaced);
            displaced?.Item.Decided.SetResult(Refused(RouteRefusal.QueueFull, MaxWait(query)));
            line.Changed(Now);
            Pump(line);
            return null;
        }
    }

    private void Pump(WaitingLine line)
    {
        if (line.Waiting == 0) return;
        lock (line.Gate)
        {
            while (ServeOne(line)) line.Changed(Now);
        }
    }

    private bool ServeOne(WaitingLine line)
    {
        var now = Now;
        foreach (var head in line.Queue.Heads(now).Take(MaxHeads))
        {
            var decision = _router.Decide(head.Item.Query, dryRun: false);
            if (decision.Status == RouteStatus.Overloaded) continue;
            line.Queue.Remove(head);
            line.Served(now);
            head.Item.Decided.SetResult(decision);
            return true;
        }
        return false;
    }

    /// <summary>Lines are few: models that nobody serves never get one, since no decision about them is "overloaded".</summary>
    private WaitingLine Line(string model) => _lines.GetOrAdd(model, static (_, gate) => new(new(gate._settings.Value.MaxQueuedPerModel, gate._service)), this);

    private TimeSpan MaxWait(RouteQuery query) => _router.Policy(query).Queue.MaxWait ?? _settings.Value.MaxQueueWait;

    private RouteDecision Full(RouteQuery query, RouteDecision decision) => decision with { MaxQueueWait = MaxWait(query), RetryAfter = Later(decision.RetryAfter) };

    private RouteDecision Refused(RouteRefusal reason, TimeSpan retryAfter)
    {
        RoutingMetrics.QueueRefusals.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        return _router.Refusal(RouteStatus.Overloaded) with { Refusal = reason, RetryAfter = Later(retryAfter) };
    }

    private static TimeSpan Later(TimeSpan wait) => TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, 60));
}
