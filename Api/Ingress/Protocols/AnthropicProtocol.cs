using System.Text.Json;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>Anthropic's Messages API: requests are read as OpenAI's are, errors have names of their own.</summary>
internal sealed class AnthropicProtocol : OpenAiProtocol
{
    public static new readonly AnthropicProtocol Instance = new();

    protected override void WriteFields(Utf8JsonWriter json, OpenAiError error)
    {
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", TypeOf(error.Status));
        json.WriteString("message", error.Message);
        json.WriteEndObject();
    }

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
