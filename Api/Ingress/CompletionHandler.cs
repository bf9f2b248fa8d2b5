using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Ingress.Idempotency;
using InferMesh.Api.Ingress.Protocols;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Tenancy;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Audit;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress;

/// <summary>Takes a request of the data plane in, whatever its protocol: reads it, asks for a decision and hands it to an <see cref="IngressExchange"/>.</summary>
internal sealed partial class CompletionHandler(
    IOptionsMonitor<IngressSettings> settings, ApiLocation location, ExchangeParts parts, EndpointResolver endpoints, IdempotentRequests idempotent, TenantGate tenants, ILogger<CompletionHandler> logger)
{
    /// <summary>Answers the request; never throws for what a client or a runtime does.</summary>
    /// <param name="context">The request.</param>
    /// <param name="endpoint">Endpoint that the address names, whatever the body says; null when it names none.</param>
    public async Task HandleAsync(HttpContext context, string? endpoint = null)
    {
        var started = parts.Time.GetTimestamp();
        var outcome = "failed";
        var requestId = RequestHeaders.RequestIdOf(context);
        context.Response.Headers[RequestHeaders.RequestId] = requestId;
        parts.Metrics.Started();
        try
        {
            outcome = await HandleAsync(context, endpoint, requestId, started);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            outcome = "cancelled";
        }
        catch (IOException e) when (e is not BadHttpRequestException && !context.Response.HasStarted)
        {
            outcome = "invalid";
            await new OpenAiError(StatusCodes.Status400BadRequest, "The body breaks the rules of HTTP.", "invalid_request_error", null, "bad_request").WriteAsync(context);
        }
        catch (BadHttpRequestException e)
        {
            // The body broke the rules of HTTP on its way in.
            outcome = "invalid";
            await new OpenAiError(e.StatusCode, e.Message, "invalid_request_error", null, "bad_request").WriteAsync(context);
        }
        finally
        {
            parts.Metrics.Ended(outcome, context.Response.StatusCode);
            Handled(requestId, outcome, context.Response.StatusCode);
        }
    }

    private async Task<string> HandleAsync(HttpContext context, string? endpoint, string requestId, long started)
    {
        var limits = settings.CurrentValue;
        var protocol = IngressProtocol.Of(context);
        var owner = Ownership.Of(context.Caller(), context.Request.Headers[RequestHeaders.Tenant].ToString(), context.Request.Headers[RequestHeaders.Project].ToString());
        if (owner.Refusal is { } foreign)
        {
            AuditNotes.Of(context).Reason = foreign;
            await OpenAiError.Forbidden(foreign).WriteAsync(context);
            return "forbidden";
        }
        var (body, request, refusal) = await protocol.ReadAsync(context, limits.MaxBodyBytes);
        RouteQuery query = null!;
        if (refusal is null && Read(context, body, request, protocol.Tunnel is not null, requestId, limits, out query) is { } error) refusal = OpenAiError.BadRequest(error);
        if (refusal is not null)
        {
            await refusal.WriteAsync(context);
            return "invalid";
        }
        var (call, refused) = await endpoints.ResolveAsync(context, endpoint, body, request, query);
        if (refused is not null)
        {
            await refused.WriteAsync(context);
            return refused.Code ?? "refused";
        }
        if (call?.Next() is { } first) (body, query) = first;
        var exchange = new IngressExchange(context, body, query, call, limits, parts);
        var outcome = "failed";
        try
        {
            outcome = protocol.Tunnel is { } tunnel
                ? await WithinBudgetAsync(context, query, () => tunnel.RunAsync(context, body, query, limits), static () => default)
                : await idempotent.RunAsync(context, body, query.Tenant, limits.RequestTimeout, () => WithinBudgetAsync(context, query, exchange.RunAsync, () => exchange.Last));
            return outcome;
        }
        finally
        {
            if (context.RequestAborted.IsCancellationRequested && outcome == "failed") outcome = "cancelled";
            if (call is not null) parts.Metrics.EndpointEnded(call.Endpoint, call.Arm.Model, call.IsFirst, outcome);
            var known = new KnownNames(Model: call is not null || exchange.KnowsModel, Tenant: !context.Caller().Scope.IsMesh, SloClass: call?.HasOwnSloClass is true);
            parts.Inference.Ended(query, known, GenAi.Operation(context.Request.Path), outcome, exchange.Runtime, exchange.Last, parts.Time.GetElapsedTime(started));
        }
    }

    /// <summary>Runs a request within the budget of its tenant, and settles that with what it used.</summary>
    private async Task<string> WithinBudgetAsync(HttpContext context, RouteQuery query, Func<Task<string>> run, Func<AttemptResult> last)
    {
        TenantPass pass;
        using (var activity = GenAi.Activities.StartActivity("admission"))
        {
            pass = await tenants.EnterAsync(context, query);
            activity?.SetTag("infermesh.tenant", query.Tenant).SetTag("infermesh.outcome", pass.Refusal is null ? "admitted" : pass.Outcome);
        }
        if (pass.Refusal is { } refusal)
        {
            await refusal.WriteAsync(context);
            return pass.Outcome;
        }
        try
        {
            return await run();
        }
        finally
        {
            pass.Settle(last());
        }
    }

    private RequestError? Read(HttpContext context, ReadOnlyMemory<byte> body, InferenceRequest request, bool isTunnel, string requestId, IngressSettings limits, out RouteQuery query)
    {
        query = null!;
        if (RequestHeaders.ReadPromptTokens(context, out var promptTokens) is { } badTokens) return badTokens;
        if (RequestHeaders.ReadText(context, RequestHeaders.Tenant, out var tenant) is { } badTenant) return badTenant;
        if (RequestHeaders.ReadText(context, RequestHeaders.SloClass, out var sloClass) is { } badClass) return badClass;
        if (RequestHeaders.ReadText(context, RequestHeaders.Session, out var session) is { } badSession) return badSession;
        var origin = location.Current;
        // A caller of a tenant is of that tenant, whatever stands in the body.
        tenant = context.Caller().Scope is { IsMesh: false } scope ? scope.Tenant : tenant.Length > 0 ? tenant : request.User;
        query = new RouteQuery
        {
            Model = request.Model,
            RequestId = requestId,
            // Never the client's own id: it could choose its arm of an experiment by it.
            Unit = (ulong)Random.Shared.NextInt64(1, long.MaxValue),
            Tenant = tenant,
            SloClass = sloClass,
            PromptTokens = promptTokens ?? request.PromptTokens,
            OutputTokens = request.MaxOutputTokens,
            PayloadBytes = body.Length,
            OriginZone = origin.Zone,
            OriginRegion = origin.Region,
            Api = origin,
            MaxTargets = limits.MaxAttempts,
            MayQueue = true,
            Session = session.Length > 0 ? session : request.User,
            Answer = !request.Stream ? AnswerForm.Whole : isTunnel ? AnswerForm.Conversation : AnswerForm.Stream,
            Headers = parts.Router.HeadersOf(context.Request.Headers),
            Prefix = parts.Router.WantsPrefix(request.Model) ? PromptBlocks.Of(body.Span[request.Prompt], request.Model, tenant) : [],
        };
        return null;
    }

    [LoggerMessage(LogLevel.Debug, "Request {RequestId}: {Outcome}, status {Status}")]
    private partial void Handled(string requestId, string outcome, int status);
}
