using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Routing;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>A request that came by an endpoint, once for each of its models. Used by one request at a time.</summary>
/// <param name="endpoint">The endpoint.</param>
/// <param name="arms">Its models in the order in which they are tried.</param>
/// <param name="body">Body as it came.</param>
/// <param name="request">What was read of it.</param>
/// <param name="query">The query as it would be for a model of this name.</param>
/// <param name="router">Knows which models want the blocks of prompts.</param>
internal sealed class EndpointCall(ServingEndpoint endpoint, EndpointArm[] arms, ReadOnlyMemory<byte> body, InferenceRequest request, RouteQuery query, IngressRouter router)
{
    private int _next;

    /// <summary>Name of the endpoint.</summary>
    public string Endpoint => endpoint.Name;

    /// <summary>Whether the class of the request is that of the endpoint, because its caller said none.</summary>
    public bool HasOwnSloClass => query.SloClass.Length == 0;

    /// <summary>Model that the request is for now.</summary>
    public EndpointArm Arm => arms[_next - 1];

    /// <summary>Whether that is the first choice.</summary>
    public bool IsFirst => _next == 1;

    /// <summary>The request for the next model; null when there is none.</summary>
    public (ReadOnlyMemory<byte> Body, RouteQuery Query)? Next()
    {
        if (_next == arms.Length) return null;
        var arm = arms[_next++];
        var spliced = ModelSplice.Into(body.Span, request.ModelValue ?? throw new InvalidOperationException("The model does not stand in the body."), arm.Json);
        var where = endpoint.Spec.Placement;
        return (spliced, query with
        {
            Model = arm.Model,
            Endpoint = endpoint.Name,
            SloClass = query.SloClass.Length > 0 ? query.SloClass : endpoint.Spec.SloClass,
            PayloadBytes = spliced.Length,
            Nodes = where?.Nodes ?? [],
            Cells = where?.Cells ?? [],
            Zones = where?.Zones ?? [],
            Regions = where?.Regions ?? [],
            Labels = where?.Labels ?? query.Labels,
            Prefix = router.WantsPrefix(arm.Model) ? PromptBlocks.Of(body.Span[request.Prompt], arm.Model, query.Tenant) : [],
        });
    }
}
