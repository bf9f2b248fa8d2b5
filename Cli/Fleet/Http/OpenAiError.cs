using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Writes errors in the shape that OpenAI's clients expect.</summary>
internal static class OpenAiError
{
    public static Task WriteAsync(HttpContext context, int status, string type, string message, string? param = null, string? code = null)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ErrorEnvelope(new ErrorBody(message, type, param, code)), FleetJson.Default.ErrorEnvelope);
        return FleetResponse.WriteAsync(context, status, "application/json", body);
    }

    public static Task InvalidAsync(HttpContext context, string message, string? param = null, string? code = null)
        => WriteAsync(context, StatusCodes.Status400BadRequest, "invalid_request_error", message, param, code);
}

internal sealed record ErrorEnvelope(ErrorBody Error);

internal sealed record ErrorBody(string Message, string Type, string? Param, string? Code);
