using System.Diagnostics;
using System.Globalization;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Resilience;
using InferMesh.Api.Ingress.Routing;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress;

/// <summary>What an exchange works with.</summary>
/// <param name="Router">Decides.</param>
/// <param name="Opener">Sends.</param>
/// <param name="Hedger">Sends copies.</param>
/// <param name="Breakers">Which nodes are left alone.</param>
/// <param name="Retries">How many further attempts there may be.</param>
/// <param name="Metrics">Counters.</param>
/// <param name="Inference">Figures of requests.</param>
/// <param name="Time">Clock.</param>
internal sealed record ExchangeParts(
    IngressRouter Router, TargetOpener Opener, Hedger Hedger, TargetBreakers Breakers, RetryBudget Retries, IngressMetrics Metrics, InferenceMetrics Inference, TimeProvider Time)
{
    /// <summary>A decision without the nodes that failed the request, and without those that are left alone as long as there are others; null when no router answered.</summary>
    public async Task<RouteDecision?> RouteAsync(RouteQuery query, IReadOnlyList<string> failed, Action<TimeSpan> waited, CancellationToken deadline)
    {
        var shut = Breakers.Shut();
        if (shut.Count > 0 && failed.Count > 0) shut = [.. shut.Except(failed)];
        var asked = query with { ExcludedNodes = [.. failed, .. shut], Again = failed.Count > 0 };
        var decision = await Router.RouteAsync(asked, waited, deadline);
        // A node that kept failing is better than none.
        return shut.Count > 0 && decision is { Status: RouteStatus.NoEligibleTarget } ? await Router.RouteAsync(asked with { ExcludedNodes = [.. failed] }, waited, deadline) : decision;
    }
}

/// <summary>One request from its decision to its end: tries targets until one answers, and settles every reservation.</summary>
internal sealed class IngressExchange(HttpContext context, ReadOnlyMemory<byte> body, RouteQuery query, EndpointCall? endpoint, IngressSettings settings, ExchangeParts parts)
{
    // The first decision, and one more without the nodes that failed.
    private const int MaxDecisions = 2;

    private readonly long _started = parts.Time.GetTimestamp();
    private readonly List<string> _failedNodes = [];
    private RouteDecision? _decision;
    private RouteTarget? _target;
    private AttemptResult _last;
    private TimeSpan _sent;
    private TimeSpan _queued;
    private int _attempts;
    private bool _hedged;
    private bool _spent;

    private void Waited(TimeSpan time)
    {
        _queued += time;
        parts.Metrics.Queued(time);
    }

    private TimeSpan Elapsed => parts.Time.GetElapsedTime(_started);

    /// <summary>Kind of the runtime that was asked last; null when none was.</summary>
    public string? Runtime => _target?.Runtime;

    /// <summary>Whether routing has found the model on some node.</summary>
    public bool KnowsModel => _decision is { Status: RouteStatus.Routed or RouteStatus.NoEligibleTarget or RouteStatus.Overloaded };

    /// <summary>How the last attempt ended; the default when there was none.</summary>
    public AttemptResult Last => _last;

    /// <summary>Answers the client. Returns the name of the outcome, for metrics.</summary>
    public async Task<string> RunAsync()
    {
        parts.Retries.Earn();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(settings.RequestTimeout);
        try
        {
            return await RunAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // While waiting for a router.
            return context.RequestAborted.IsCancellationRequested ? "cancelled" : await RefuseAsync(OpenAiError.GatewayTimeout(), "timeout");
        }
    }

    private async Task<string> RunAsync(CancellationToken deadline)
    {
        for (var round = 1; round <= MaxDecisions && !_spent; round++)
        {
            var decision = await DecideAsync(deadline);
            if (decision is not { Status: RouteStatus.Routed, Targets.Count: > 0 })
                return round == 1 ? await RefuseAsync(decision) : await GiveUpAsync();
            _decision = decision;
            if (await TryTargetsAsync(decision, deadline) is { } outcome) return outcome;
        }
        return await GiveUpAsync();
    }

    /// <summary>A decision for the model, or for the next one of the endpoint that has a node to run on. One that is full refuses: load must not shift the shares of the models.</summary>
    private async Task<RouteDecision?> DecideAsync(CancellationToken deadline)
    {
        while (true)
        {
            var decision = await parts.RouteAsync(query with { Waited = _queued }, _failedNodes, Waited, deadline);
            if (decision?.Status is not (RouteStatus.ModelUnknown or RouteStatus.NoEligibleTarget) || endpoint?.Next() is not { } next) return decision;
            (body, query) = next;
        }
    }

    /// <summary>Whether the target may be tried: a first attempt may, a further one as far as the budget goes.</summary>
    private bool MayTry(RouteTarget target, bool last)
    {
        // The target of a copy has been asked already.
        if (_failedNodes.Contains(target.NodeId)) return false;
        if (_attempts > 0 && !_spent && !parts.Retries.TryTake())
        {
            _spent = true;
            parts.Metrics.RetrySuppressed();
        }
        return !_spent && (parts.Breakers.TryEnter(target.NodeId) || last);
    }

    /// <summary>Tries the targets of a decision in order; null when all of them failed before the first byte.</summary>
    private async Task<string?> TryTargetsAsync(RouteDecision decision, CancellationToken deadline)
    {
        var reservation = parts.Router.Take(decision);
        var settled = OutcomeStatus.Error;
        try
        {
            for (var i = 0; i < decision.Targets.Count && i < settings.MaxAttempts; i++)
            {
                if (!MayTry(decision.Targets[i], last: i == decision.Targets.Count - 1)) continue;
                if (_attempts > 0) parts.Metrics.FailedOver(_last.Reason);
                _target = decision.Targets[i];
                if (i > 0) reservation.Move(_target.NodeId);
                _last = await AttemptAsync(_target, _attempts == 0 ? Copy(decision) : null, reservation, deadline);
                settled = Outcome(_last);
                switch (_last.End)
                {
                    case AttemptEnd.Delivered:
                        return settled == OutcomeStatus.Success ? "success" : settled == OutcomeStatus.Error ? "upstream_error" : "upstream_refused";
                    case AttemptEnd.Broken:
                        return "broken";
                    case AttemptEnd.Cancelled:
                        return "cancelled";
                    case AttemptEnd.TimedOut:
                        return context.Response.HasStarted ? "timeout" : await RefuseAsync(OpenAiError.GatewayTimeout(), "timeout");
                    default:
                        _failedNodes.Add(_target.NodeId);
                        break;
                }
            }
            return null;
        }
        finally
        {
            reservation.Settle(settled, _target?.NodeId ?? "", Elapsed - _sent, FirstToken(settled), _last.OutputTokens);
        }
    }

    /// <summary>Of the last attempt, since it was sent. The first byte of an answer in one piece is no first token; that of a refusal in full says that the node itself is well.</summary>
    private TimeSpan? FirstToken(OutcomeStatus settled) =>
        _last.Streamed ? _last.FirstByte - _sent
        : settled == OutcomeStatus.Rejected && _last.End == AttemptEnd.Delivered ? (_last.FirstByte ?? Elapsed) - _sent : null;

    /// <summary>Where a copy of the request may go, and when; null when it may not.</summary>
    private (RouteTarget Target, RouteHedge Plan)? Copy(RouteDecision decision)
    {
        if (decision.Hedge is { } plan && decision.Targets.FirstOrDefault(t => t.NodeId == plan.NodeId) is { } target) return (target, plan);
        if (decision.HedgeSuppressed.Length > 0 && decision.HedgeSuppressed != "disabled") parts.Metrics.HedgeSuppressed(decision.HedgeSuppressed);
        return null;
    }

    private async Task<AttemptResult> AttemptAsync(RouteTarget target, (RouteTarget Target, RouteHedge Plan)? copy, Reservation reservation, CancellationToken deadline)
    {
        _attempts++;
        using var activity = GenAi.Activities.StartActivity("attempt");
        activity?.SetTag("infermesh.node", target.NodeId).SetTag("infermesh.attempt", _attempts).SetTag(GenAi.RequestModel, query.Model);

        var job = new ForwardJob(context, body, query.RequestId, Stamp, () => Elapsed) { Model = query.Model };
        using var opened = copy is var (second, plan)
            ? await parts.Hedger.OpenAsync(job, target, second, plan, query.Model, query.Tenant, () => Hedge(second, reservation), deadline)
            : new HedgedAnswer(await parts.Opener.OpenAsync(job, query.Model, target, deadline), null, null);
        _target = opened.Answer.Target;
        _sent = opened.Answer.Sent;
        if (opened.Rival is { } rival)
        {
            reservation.Move(_target.NodeId);
            if (opened.Answer.Failure is { End: AttemptEnd.Failed }) _failedNodes.Add(rival.NodeId);
            activity?.SetTag("infermesh.node", _target.NodeId);
            activity?.SetTag("infermesh.hedged", true);
        }
        var result = await parts.Opener.RelayAsync(job, opened.Answer, deadline);

        activity?.SetTag("http.response.status_code", result.Status);
        if (result.End != AttemptEnd.Delivered) activity?.SetStatus(ActivityStatusCode.Error, result.Reason);
        parts.Metrics.Attempted(_target.NodeId, result.End == AttemptEnd.Delivered ? "delivered" : result.Reason);
        return result;
    }

    private void Hedge(RouteTarget target, Reservation reservation)
    {
        _attempts++;
        _hedged = true;
        reservation.Hedge(target.NodeId);
    }

    private Task<string> RefuseAsync(RouteDecision? decision)
    {
        _decision = decision;
        var (error, outcome) = Refusals.Of(decision, endpoint is null ? query.Model : null);
        return RefuseAsync(error, outcome);
    }

    private Task<string> GiveUpAsync()
    {
        var (error, outcome) = Refusals.Of(_last);
        return RefuseAsync(error, outcome);
    }

    private async Task<string> RefuseAsync(OpenAiError error, string outcome)
    {
        Stamp(context);
        await error.WriteAsync(context);
        return outcome;
    }

    private void Stamp(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers[RequestHeaders.Attempts] = _attempts.ToString(CultureInfo.InvariantCulture);
        if (_queued > TimeSpan.Zero) headers[RequestHeaders.QueueMs] = _queued.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        if (_hedged) headers[RequestHeaders.Hedged] = "true";
        if (endpoint is not null) (headers[RequestHeaders.Endpoint], headers[RequestHeaders.Model]) = (endpoint.Endpoint, endpoint.Arm.Header);
        if (_decision is { DecisionId.Length: > 0 } decision) headers[RequestHeaders.Decision] = decision.DecisionId;
        if (_target is not { } target) return;
        headers[RequestHeaders.Node] = target.NodeId;
        if (target.Synthetic) headers[RequestHeaders.Synthetic] = "true";
    }

    private static OutcomeStatus Outcome(AttemptResult result) => result.End switch
    {
        AttemptEnd.Cancelled => OutcomeStatus.Cancelled,
        AttemptEnd.TimedOut => OutcomeStatus.Timeout,
        AttemptEnd.Delivered when result.Status < 400 => OutcomeStatus.Success,
        _ => result.Status is >= 400 and < 500 or 503 ? OutcomeStatus.Rejected : OutcomeStatus.Error,
    };
}
