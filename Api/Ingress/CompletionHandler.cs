using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Routing;
using InferMesh.Api.Options;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress;

/// <summary>Takes a completion request in: reads it, asks for a decision and hands it to an <see cref="IngressExchange"/>.</summary>
internal sealed partial class CompletionHandler(
    IOptionsMonitor<IngressSettings> settings, IOptionsMonitor<ApiSettings> api, IngressRouter router, Forwarder forwarder, IngressMetrics metrics, TimeProvider time, ILogger<CompletionHandler> logger)
{
    /// <summary>Answers the request; never throws for what a client or a runtime does.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var outcome = "failed";
        var requestId = RequestHeaders.RequestIdOf(context);
        context.Response.Headers[RequestHeaders.RequestId] = requestId;
        metrics.Started();
        try
        {
            outcome = await HandleAsync(context, requestId);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            outcome = "cancelled";
        }
        catch (BadHttpRequestException e)
        {
            // The body broke the rules of HTTP on its way in.
            outcome = "invalid";
            await new OpenAiError(e.StatusCode, e.Message, "invalid_request_error", null, "bad_request").WriteAsync(context);
        }
        finally
        {
            metrics.Ended(outcome, context.Response.StatusCode, time.GetElapsedTime(started));
            Handled(requestId, outcome, context.Response.StatusCode);
        }
    }

    private async Task<string> HandleAsync(HttpContext context, string requestId)
    {
        var limits = settings.CurrentValue;
        if (await BodyReader.ReadAsync(context, limits.MaxBodyBytes) is not { } body)
        {
            await OpenAiError.TooLarge(limits.MaxBodyBytes).WriteAsync(context);
            return "invalid";
        }
        if (Read(context, body, requestId, limits, out var query, out var stream) is { } error)
        {
            await OpenAiError.BadRequest(error).WriteAsync(context);
            return "invalid";
        }
        var exchange = new IngressExchange(context, body, query, limits, router, forwarder, metrics, time);
        var outcome = await exchange.RunAsync();
        if (outcome == "success" && exchange.FirstByte is { } ttft) metrics.FirstByte(ttft, stream);
        return outcome;
    }

    private RequestError? Read(HttpContext context, ReadOnlyMemory<byte> body, string requestId, IngressSettings limits, out RouteQuery query, out bool stream)
    {
        query = null!;
        stream = false;
        if (RequestInspector.Inspect(body.Span, out var request) is { } bad) return bad;
        if (RequestHeaders.ReadPromptTokens(context, out var promptTokens) is { } badTokens) return badTokens;
        if (RequestHeaders.ReadText(context, RequestHeaders.Tenant, out var tenant) is { } badTenant) return badTenant;
        if (RequestHeaders.ReadText(context, RequestHeaders.SloClass, out var sloClass) is { } badClass) return badClass;
        stream = request.Stream;
        var origin = api.CurrentValue;
        tenant = tenant.Length > 0 ? tenant : request.User;
        query = new RouteQuery
        {
            Model = request.Model,
            RequestId = requestId,
            Tenant = tenant,
            SloClass = sloClass,
            PromptTokens = promptTokens ?? request.PromptTokens,
            OutputTokens = request.MaxOutputTokens,
            PayloadBytes = body.Length,
            OriginZone = origin.Zone,
            OriginRegion = origin.Region,
            MaxTargets = limits.MaxAttempts,
            Prefix = router.WantsPrefix(request.Model) ? PromptBlocks.Of(body.Span[request.Prompt], request.Model, tenant) : [],
        };
        return null;
    }

    [LoggerMessage(LogLevel.Debug, "Request {RequestId}: {Outcome}, status {Status}")]
    private partial void Handled(string requestId, string outcome, int status);
}
