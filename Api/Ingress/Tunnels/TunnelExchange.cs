using System.Diagnostics;
using System.Globalization;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>One call through a tunnel from its decision to its end: tries targets until one takes it, and settles every reservation.</summary>
internal sealed class TunnelExchange(HttpContext context, RouteQuery query, IngressSettings settings, ExchangeParts parts)
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

    /// <summary>Time since the call came in.</summary>
    public TimeSpan Elapsed => parts.Time.GetElapsedTime(_started);

    /// <summary>Answers the client. Returns the name of the outcome.</summary>
    /// <param name="attempt">Carries the call to one target: to its end, or until it is known that another target may be tried.</param>
    /// <param name="deadline">Ends with the client or with the call's time.</param>
    public async Task<string> RunAsync(Func<RouteTarget, Task<AttemptResult>> attempt, CancellationToken deadline)
    {
        parts.Retries.Earn();
        try
        {
            for (var round = 1; round <= MaxDecisions; round++)
            {
                var decision = await parts.RouteAsync(query with { Waited = _queued }, _failedNodes, Waited, deadline);
                if (decision is not { Status: RouteStatus.Routed, Targets.Count: > 0 })
                {
                    if (round > 1) break;
                    _decision = decision;
                    return await RefuseAsync(Refusals.Of(decision, query.Model));
                }
                _decision = decision;
                if (await TryTargetsAsync(decision, attempt) is { } outcome) return outcome;
            }
            return await RefuseAsync(Refusals.Of(_last));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            // While waiting for a router.
            return context.RequestAborted.IsCancellationRequested ? "cancelled" : await RefuseAsync((OpenAiError.GatewayTimeout(), "timeout"));
        }
    }

    /// <summary>Sets the mesh's own headers.</summary>
    public void Stamp()
    {
        var headers = context.Response.Headers;
        headers[RequestHeaders.Attempts] = _attempts.ToString(CultureInfo.InvariantCulture);
        if (_queued > TimeSpan.Zero) headers[RequestHeaders.QueueMs] = _queued.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        if (_decision is { DecisionId.Length: > 0 } decision) headers[RequestHeaders.Decision] = decision.DecisionId;
        if (_target is not { } target) return;
        headers[RequestHeaders.Node] = target.NodeId;
        if (target.Synthetic) headers[RequestHeaders.Synthetic] = "true";
    }

    /// <summary>Tries the targets of a decision in order; null when all of them failed before anything had reached the client.</summary>
    private async Task<string?> TryTargetsAsync(RouteDecision decision, Func<RouteTarget, Task<AttemptResult>> attempt)
    {
        var reservation = parts.Router.Take(decision);
        var settled = OutcomeStatus.Error;
        try
        {
            for (var i = 0; i < decision.Targets.Count && i < settings.MaxAttempts; i++)
            {
                if (_attempts > 0 && !parts.Retries.TryTake())
                {
                    parts.Metrics.RetrySuppressed();
                    return await RefuseAsync(Refusals.Of(_last));
                }
                if (_attempts > 0) parts.Metrics.FailedOver(_last.Reason);
                // It does not ask to be the one that tries a node which kept failing: a tunnel may last for hours, and the node would be left alone so long.
                _target = decision.Targets[i];
                if (i > 0) reservation.Move(_target.NodeId);
                _attempts++;
                _sent = Elapsed;
                _last = await AttemptAsync(_target, attempt);
                parts.Breakers.Record(_target.NodeId, _last.End == AttemptEnd.Delivered ? null : _last);
                parts.Metrics.Attempted(_target.NodeId, _last.End == AttemptEnd.Delivered ? "delivered" : _last.Reason);
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
                        return context.Response.HasStarted ? "timeout" : await RefuseAsync((OpenAiError.GatewayTimeout(), "timeout"));
                    default:
                        _failedNodes.Add(_target.NodeId);
                        break;
                }
            }
            return null;
        }
        finally
        {
            // How long a conversation lasts says nothing of the node, nor does its first message.
            reservation.Settle(settled, _target?.NodeId ?? "", Elapsed - _sent, settled == OutcomeStatus.Rejected && _last.End == AttemptEnd.Delivered ? Elapsed - _sent : null, null);
        }
    }

    /// <summary>Carries the call to one target, within a span that lasts as long as the tunnel.</summary>
    private async Task<AttemptResult> AttemptAsync(RouteTarget target, Func<RouteTarget, Task<AttemptResult>> attempt)
    {
        using var activity = GenAi.Activities.StartActivity("attempt");
        activity?.SetTag("infermesh.node", target.NodeId).SetTag("infermesh.attempt", _attempts).SetTag(GenAi.RequestModel, query.Model);
        var result = await attempt(target);
        if (result.Status > 0) activity?.SetTag("http.response.status_code", result.Status);
        if (result.End != AttemptEnd.Delivered) activity?.SetStatus(ActivityStatusCode.Error, result.Reason);
        return result;
    }

    private void Waited(TimeSpan time)
    {
        _queued += time;
        parts.Metrics.Queued(time);
    }

    private async Task<string> RefuseAsync((OpenAiError Error, string Outcome) refusal)
    {
        Stamp();
        await refusal.Error.WriteAsync(context);
        return refusal.Outcome;
    }

    private static OutcomeStatus Outcome(AttemptResult result) => result.End switch
    {
        AttemptEnd.Cancelled => OutcomeStatus.Cancelled,
        AttemptEnd.TimedOut => OutcomeStatus.Timeout,
        AttemptEnd.Delivered when result.Status < 400 => OutcomeStatus.Success,
        _ => result.Status is >= 400 and < 500 or 503 ? OutcomeStatus.Rejected : OutcomeStatus.Error,
    };
}
