using System.Diagnostics;
using System.Globalization;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Routing;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress;

/// <summary>One request from its decision to its end: tries targets until one answers, and settles every reservation.</summary>
internal sealed class IngressExchange(HttpContext context, ReadOnlyMemory<byte> body, RouteQuery query, IngressSettings settings, IngressRouter router, Forwarder forwarder, IngressMetrics metrics, TimeProvider time)
{
    // The first decision, and one more without the nodes that failed.
    private const int MaxDecisions = 2;

    private readonly long _started = time.GetTimestamp();
    private readonly List<string> _failedNodes = [];
    private RouteDecision? _decision;
    private RouteTarget? _target;
    private AttemptResult _last;
    private TimeSpan _sent;
    private int _attempts;

    private TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <summary>Time to the first byte of the answer; null when there was none.</summary>
    public TimeSpan? FirstByte => _last.FirstByte;

    /// <summary>Answers the client. Returns the name of the outcome, for metrics.</summary>
    public async Task<string> RunAsync()
    {
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
        for (var round = 1; round <= MaxDecisions; round++)
        {
            var decision = await router.RouteAsync(query with { ExcludedNodes = [.. _failedNodes] }, deadline);
            if (decision is not { Status: RouteStatus.Routed, Targets.Count: > 0 })
                return round == 1 ? await RefuseAsync(decision) : await GiveUpAsync();
            _decision = decision;
            if (await TryTargetsAsync(decision, deadline) is { } outcome) return outcome;
        }
        return await GiveUpAsync();
    }

    /// <summary>Tries the targets of a decision in order; null when all of them failed before the first byte.</summary>
    private async Task<string?> TryTargetsAsync(RouteDecision decision, CancellationToken deadline)
    {
        var reservation = router.Take(decision);
        var settled = OutcomeStatus.Error;
        try
        {
            for (var i = 0; i < decision.Targets.Count && i < settings.MaxAttempts; i++)
            {
                if (_attempts > 0) metrics.FailedOver(_last.Reason);
                _target = decision.Targets[i];
                if (i > 0) reservation.Move(_target.NodeId);
                _last = await AttemptAsync(_target, deadline);
                settled = Outcome(_last);
                switch (_last.End)
                {
                    case AttemptEnd.Delivered:
                        return settled == OutcomeStatus.Success ? "success" : "upstream_error";
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

    private async Task<AttemptResult> AttemptAsync(RouteTarget target, CancellationToken deadline)
    {
        _attempts++;
        _sent = Elapsed;
        using var activity = IngressMetrics.Activities.StartActivity("forward", ActivityKind.Client);
        activity?.SetTag("infermesh.node", target.NodeId);
        activity?.SetTag("infermesh.attempt", _attempts);
        activity?.SetTag("gen_ai.request.model", query.Model);

        var job = new ForwardJob(context, body, query.RequestId, Stamp, () => Elapsed);
        var result = RuntimeUrl.TryBuild(target.Endpoint, context.Request.Path, context.Request.QueryString.Value ?? "", out var url)
            ? await forwarder.ForwardAsync(job, url, deadline)
            : new(AttemptEnd.Failed, "bad_endpoint");

        activity?.SetTag("http.response.status_code", result.Status);
        if (result.End != AttemptEnd.Delivered) activity?.SetStatus(ActivityStatusCode.Error, result.Reason);
        metrics.Attempted(result.End == AttemptEnd.Delivered ? "delivered" : result.Reason);
        return result;
    }

    private Task<string> RefuseAsync(RouteDecision? decision)
    {
        _decision = decision;
        return decision switch
        {
            null => RefuseAsync(OpenAiError.Unavailable("No router of the cluster answered.", "cluster_unavailable"), "cluster_unavailable"),
            { Status: RouteStatus.ModelUnknown } => RefuseAsync(OpenAiError.ModelNotFound(query.Model), "model_unknown"),
            { Status: RouteStatus.Overloaded } => RefuseAsync(OpenAiError.Busy("All nodes that serve this model are full.", "overloaded", decision.RetryAfter), "overloaded"),
            { Status: RouteStatus.QuotaExceeded } => RefuseAsync(OpenAiError.Busy("The quota of requests in flight is used up.", "quota_exceeded", decision.RetryAfter), "quota_exceeded"),
            { Status: RouteStatus.Forbidden } => RefuseAsync(OpenAiError.Forbidden("A security policy does not allow this tenant to use this model."), "forbidden"),
            { Status: RouteStatus.Invalid } => RefuseAsync(OpenAiError.BadRequest(Describe(decision)), "invalid"),
            _ => RefuseAsync(OpenAiError.Unavailable("No node that serves this model takes requests now.", "no_eligible_target", decision.RetryAfter), "no_eligible_target"),
        };
    }

    private Task<string> GiveUpAsync() => _last.Status switch
    {
        429 => RefuseAsync(OpenAiError.Busy("All targets refused the request for load.", "upstream_busy", _last.RetryAfter), "upstream_busy"),
        503 => RefuseAsync(OpenAiError.Unavailable("All targets are unavailable.", "upstream_unavailable", _last.RetryAfter), "upstream_unavailable"),
        _ => RefuseAsync(OpenAiError.BadGateway($"All targets failed; the last one by: {_last.Reason}."), "upstream_failed"),
    };

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
        if (_decision is { DecisionId.Length: > 0 } decision) headers[RequestHeaders.Decision] = decision.DecisionId;
        if (_target is not { } target) return;
        headers[RequestHeaders.Node] = target.NodeId;
        if (target.Synthetic) headers[RequestHeaders.Synthetic] = "true";
    }

    private static RequestError Describe(RouteDecision decision) => decision.Errors is [var error, ..]
        ? new($"'{error.Field}' {error.Message}", error.Field, "invalid_value")
        : new("The request cannot be routed.", null, "invalid_value");

    private static OutcomeStatus Outcome(AttemptResult result) => result.End switch
    {
        AttemptEnd.Cancelled => OutcomeStatus.Cancelled,
        AttemptEnd.TimedOut => OutcomeStatus.Timeout,
        AttemptEnd.Delivered when result.Status < 400 => OutcomeStatus.Success,
        _ => result.Status is >= 400 and < 500 or 503 ? OutcomeStatus.Rejected : OutcomeStatus.Error,
    };
}
