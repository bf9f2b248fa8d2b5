using System.Globalization;
using InferMesh.Api.Ingress.Protocols;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Api.Ingress;

/// <summary>An error of the data plane, in the terms of OpenAI's API; each protocol writes it in its own form.</summary>
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

    public static OpenAiError EndpointNotFound(string name) =>
        new(404, $"There is no endpoint '{name}' that takes requests. GET /api/v1/endpoints lists all endpoints.", "invalid_request_error", "name", "endpoint_not_found");

    public static OpenAiError Unauthorized(string message) => new(401, message, "authentication_error", null, "invalid_api_key");

    public static OpenAiError Busy(string message, string code, TimeSpan? retryAfter) => new(429, message, "rate_limit_error", null, code, Later(retryAfter));

    public static OpenAiError KeyInUse(TimeSpan retryAfter) => new(409, "A request with this Idempotency-Key is running: try again later for its answer.", "idempotency_error", null, "idempotency_in_progress", retryAfter);

    public static OpenAiError KeyReused() => new(422, "This Idempotency-Key came with another request before: use a new key for each request.", "idempotency_error", null, "idempotency_mismatch");

    public static OpenAiError Unavailable(string message, string code, TimeSpan? retryAfter = null) => new(503, message, "server_error", null, code, Later(retryAfter));

    public static OpenAiError Forbidden(string message) => new(403, message, "permission_error", null, "forbidden");

    public static OpenAiError BadGateway(string message) => new(502, message, "server_error", null, "upstream_failed");

    public static OpenAiError GatewayTimeout() => new(504, "The request took longer than its limit.", "server_error", null, "timeout");

    /// <summary>Writes the answer in the form of the protocol that the request came in by. Nothing may have been sent before.</summary>
    public Task WriteAsync(HttpContext context) => IngressProtocol.Of(context).WriteErrorAsync(context, this);

    private static TimeSpan Later(TimeSpan? wait) => wait is { } given && given > Shortly ? given : Shortly;
}
