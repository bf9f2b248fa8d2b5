using System.Globalization;
using System.Text.Json;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Api.Ingress;

/// <summary>Errors in the form that OpenAI clients parse.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Type">Class of the error, such as <c>invalid_request_error</c>.</param>
/// <param name="Param">Field at fault; null for none.</param>
/// <param name="Code">Machine-readable reason; null for none.</param>
/// <param name="RetryAfter">When to come back; null for no advice.</param>
internal sealed record OpenAiError(int Status, string Message, string Type, string? Param, string? Code, TimeSpan? RetryAfter = null)
{
    private static readonly TimeSpan Shortly = TimeSpan.FromSeconds(1);

    public static OpenAiError BadRequest(RequestError error) => new(400, error.Message, "invalid_request_error", error.Param, error.Code);

    public static OpenAiError TooLarge(int maxBytes) =>
        new(413, $"The body is larger than {maxBytes.ToString(CultureInfo.InvariantCulture)} bytes.", "invalid_request_error", null, "body_too_large");

    public static OpenAiError ModelNotFound(string model) =>
        new(404, $"The model '{model}' does not exist: no node serves it. GET /v1/models lists what is served.", "invalid_request_error", "model", "model_not_found");

    public static OpenAiError Busy(string message, string code, TimeSpan? retryAfter) => new(429, message, "rate_limit_error", null, code, Later(retryAfter));

    public static OpenAiError Unavailable(string message, string code, TimeSpan? retryAfter = null) => new(503, message, "server_error", null, code, Later(retryAfter));

    public static OpenAiError Forbidden(string message) => new(403, message, "permission_error", null, "forbidden");

    public static OpenAiError BadGateway(string message) => new(502, message, "server_error", null, "upstream_failed");

    public static OpenAiError GatewayTimeout() => new(504, "The request took longer than its limit.", "server_error", null, "timeout");

    /// <summary>Writes the answer. Nothing may have been sent before.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = "application/json";
        if (RetryAfter is { } wait) response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        await using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", Message);
            json.WriteString("type", Type);
            json.WriteString("param", Param);
            json.WriteString("code", Code);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static TimeSpan Later(TimeSpan? wait) => wait is { } given && given > Shortly ? given : Shortly;
}
