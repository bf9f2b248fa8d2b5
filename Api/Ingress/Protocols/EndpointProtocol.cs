using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>A call to an endpoint by its address: read as OpenAI's are, except that the body need not name a model.</summary>
internal sealed class EndpointProtocol : OpenAiProtocol
{
    public static new readonly EndpointProtocol Instance = new();

    protected override ValueTask<RequestReading> InspectAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var error = RequestInspector.Inspect(body.Span, out var request, modelRequired: false);
        return ValueTask.FromResult(RequestReading.Of(body, request, error));
    }
}
