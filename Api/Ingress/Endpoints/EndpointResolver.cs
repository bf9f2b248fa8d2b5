using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Routing;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>Finds the endpoint that a request names instead of a model, and lets in who may call it.</summary>
internal sealed class EndpointResolver(EndpointDirectory directory, IngressRouter router)
{
    /// <summary>The call by an endpoint, null for a request that names a model itself; or why it is refused.</summary>
    /// <param name="context">The request.</param>
    /// <param name="named">Endpoint that the address names, whatever the body says; null when it names none.</param>
    /// <param name="body">Body.</param>
    /// <param name="request">What was read of it.</param>
    /// <param name="query">The query as it would be for a model.</param>
    public async ValueTask<(EndpointCall? Call, OpenAiError? Refusal)> ResolveAsync(HttpContext context, string? named, ReadOnlyMemory<byte> body, InferenceRequest request, RouteQuery query)
    {
        if (await directory.CurrentAsync(context.RequestAborted) is not { } table)
            return (null, OpenAiError.Unavailable("The endpoints of the cluster are not known yet.", "cluster_unavailable"));
        if (table.Find(named ?? request.Model) is not { } endpoint) return (null, named is null ? null : OpenAiError.EndpointNotFound(named));
        if (!endpoint.Spec.Enabled || endpoint.IsHiddenFrom(context.Caller().Scope)) return (null, named is null ? OpenAiError.ModelNotFound(request.Model) : OpenAiError.EndpointNotFound(named));
        if (EndpointGate.Check(endpoint, context, query.Tenant) is { } refusal) return (null, refusal);
        if (request.ModelValue is null)
            return (null, OpenAiError.BadRequest(new($"'{request.Model}' is an endpoint, which this protocol cannot call: name one of its models.", "model", "endpoint_not_callable")));
        if (RequestHeaders.ReadText(context, RequestHeaders.Session, out var session) is { } bad) return (null, OpenAiError.BadRequest(bad));
        var conversation = endpoint.Arms.Length > 1 ? Conversation.Of(session, request, body.Span, query.RequestId) : 0;
        return (new(endpoint, ArmOrder.Of(endpoint.Arms, conversation), body, request, query, router), null);
    }
}
