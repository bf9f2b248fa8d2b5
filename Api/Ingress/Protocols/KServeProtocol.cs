using System.Globalization;
using System.Text.Json;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>
/// The Open Inference Protocol (KServe v2) over HTTP, with Triton's extensions. The model is in the path, so the body of an inference is not looked at: behind its JSON may
/// stand tensors as they are in memory.
/// </summary>
internal sealed class KServeProtocol : IngressProtocol
{
    public static readonly KServeProtocol Instance = new();

    private const string JsonLength = "Inference-Header-Content-Length";
    private static readonly GenerateKeys Keys = new("text_input", "max_tokens", IsTextRequired: false);

    protected override ValueTask<RequestReading> InspectAsync(HttpContext context, ReadOnlyMemory<byte> body) => ValueTask.FromResult(Inspect(context, body));

    protected override void WriteFields(Utf8JsonWriter json, OpenAiError error) => json.WriteString("error", error.Message);

    private static RequestReading Inspect(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (RequestHeaders.ReadPathModel(context, out var model) is { } bad) return RequestReading.Refused(OpenAiError.BadRequest(bad));
        var path = context.Request.Path.Value!;
        var stream = path.EndsWith("/generate_stream", StringComparison.Ordinal);
        if (stream || path.EndsWith("/generate", StringComparison.Ordinal))
        {
            var error = GenerateInspector.Inspect(body.Span, Keys, model, stream, out var request);
            return RequestReading.Of(body, request, error);
        }
        return RequestReading.Of(body, InferenceRequest.Unread(model), CheckJsonLength(context, body.Length));
    }

    private static RequestError? CheckJsonLength(HttpContext context, int bodyLength)
    {
        var text = context.Request.Headers[JsonLength].ToString();
        return text.Length == 0 || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= bodyLength)
            ? null
            : new($"The header {JsonLength} must be an integer from 0 to the length of the body, {bodyLength.ToString(CultureInfo.InvariantCulture)}.", JsonLength, "invalid_value");
    }
}
