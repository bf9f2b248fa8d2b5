using System.Text.Json;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>OpenAI's API: the model is in the body.</summary>
internal class OpenAiProtocol : IngressProtocol
{
    public static readonly OpenAiProtocol Instance = new();

    protected override ValueTask<RequestReading> InspectAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var error = RequestInspector.Inspect(body.Span, out var request);
        return ValueTask.FromResult(RequestReading.Of(body, request, error));
    }

    protected override void WriteFields(Utf8JsonWriter json, OpenAiError error)
    {
        json.WriteStartObject("error");
        json.WriteString("message", error.Message);
        json.WriteString("type", error.Type);
        json.WriteString("param", error.Param);
        json.WriteString("code", error.Code);
        json.WriteEndObject();
    }
}
