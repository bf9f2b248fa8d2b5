using System.Globalization;
using System.Text.Json;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Ingress.Tunnels;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>
/// A protocol of the data plane: how its requests are read and what its errors look like. Metadata of its routes, so that everything from the decision to the last byte is shared.
/// A route without one speaks OpenAI's.
/// </summary>
internal abstract class IngressProtocol
{
    /// <summary>The protocol of the route that the request came in on.</summary>
    public static IngressProtocol Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<IngressProtocol>() ?? OpenAiProtocol.Instance;

    /// <summary>How requests are carried that are more than a body and an answer; null for those that are not.</summary>
    public virtual ITunnel? Tunnel => null;

    /// <summary>Reads of the request what routing needs.</summary>
    public virtual async ValueTask<RequestReading> ReadAsync(HttpContext context, int maxBytes) =>
        await BodyReader.ReadAsync(context, maxBytes) is { } body ? await InspectAsync(context, body) : RequestReading.Refused(OpenAiError.TooLarge(maxBytes));

    /// <summary>Writes an error as clients of the protocol read it. Nothing may have been sent before.</summary>
    public virtual async Task WriteErrorAsync(HttpContext context, OpenAiError error)
    {
        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        if (error.RetryAfter is { } wait) response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        await using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            json.WriteStartObject();
            WriteFields(json, error);
            json.WriteEndObject();
        }
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Finds model, limits and prompt in the whole body, the path and the headers.</summary>
    protected abstract ValueTask<RequestReading> InspectAsync(HttpContext context, ReadOnlyMemory<byte> body);

    /// <summary>Fields of the object that is the body of an error.</summary>
    protected abstract void WriteFields(Utf8JsonWriter json, OpenAiError error);
}

/// <summary>What a protocol read of a request.</summary>
/// <param name="Body">The body, or its beginning where the protocol leaves the rest to be streamed.</param>
/// <param name="Request">What routing needs to know.</param>
/// <param name="Error">Why the request is refused; null when it is not.</param>
internal readonly record struct RequestReading(ReadOnlyMemory<byte> Body, InferenceRequest Request, OpenAiError? Error = null)
{
    public static RequestReading Refused(OpenAiError error) => new(default, default, error);

    public static RequestReading Of(ReadOnlyMemory<byte> body, InferenceRequest request, RequestError? error) =>
        error is null ? new(body, request) : Refused(OpenAiError.BadRequest(error));
}
