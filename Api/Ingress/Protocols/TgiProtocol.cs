using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Ingress.Models;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>
/// The API of Hugging Face's Text Generation Inference. A server of it has one model, so its requests name none: a header or the query names it here, or it is the only one that such
/// servers of the fleet have.
/// </summary>
internal sealed class TgiProtocol(ModelCatalog catalog) : IngressProtocol
{
    private const string Runtime = "tgi";
    private static readonly GenerateKeys Keys = new("inputs", "max_new_tokens", IsTextRequired: true);

    protected override async ValueTask<RequestReading> InspectAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (RequestHeaders.ReadModel(context, out var model) is { } bad) return RequestReading.Refused(OpenAiError.BadRequest(bad));
        if (model.Length == 0)
        {
            try
            {
                var models = await catalog.ListAsync(context.RequestAborted);
                var served = models.Where(m => m.Runtimes.Contains(Runtime, StringComparer.OrdinalIgnoreCase)).Take(2).ToArray();
                if (served is not [var only]) return RequestReading.Refused(OpenAiError.BadRequest(NoModel(served.Length > 0)));
                model = only.Id;
            }
            catch (MeshUnavailableException)
            {
                return RequestReading.Refused(OpenAiError.Unavailable("The cluster did not answer.", "cluster_unavailable"));
            }
        }
        if (HttpMethods.IsGet(context.Request.Method)) return new(body, InferenceRequest.Unread(model));
        var stream = context.Request.Path.Value!.EndsWith("_stream", StringComparison.Ordinal);
        var error = GenerateInspector.Inspect(body.Span, Keys, model, stream, out var request);
        return RequestReading.Of(body, request, error);
    }

    protected override void WriteFields(Utf8JsonWriter json, OpenAiError error)
    {
        json.WriteString("error", error.Message);
        json.WriteString("error_type", error.Status switch { 429 or 503 => "overloaded", < 500 => "validation", _ => "generation" });
    }

    private static RequestError NoModel(bool isAmbiguous) => new(
        $"{(isAmbiguous ? "Several models are served by TGI" : "No model is served by TGI")}: name one in the header {RequestHeaders.Model} or the query parameter 'model'.",
        RequestHeaders.Model, "missing_required_parameter");
}
