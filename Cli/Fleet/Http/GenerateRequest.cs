using System.Globalization;
using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>What the synthetic runtime reads of a call to generate.</summary>
/// <param name="PromptTokens">Estimate: UTF-8 bytes of the prompt over 4, rounded up; at least 1.</param>
/// <param name="MaxTokens">Tokens of the answer.</param>
/// <param name="Details">Whether TGI's answer says how many tokens it has.</param>
internal sealed record GenerateRequest(int PromptTokens, int MaxTokens, bool Details)
{
    private const string JsonLength = "Inference-Header-Content-Length";
    private const int InferTokens = 16;

    /// <summary>Reads the body.</summary>
    public static async Task<(GenerateRequest? Request, string Error)> ReadAsync(HttpContext context, GenerateForm form)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var json = body.GetBuffer().AsMemory(0, (int)body.Length);
        var header = context.Request.Headers[JsonLength].ToString();
        if (header.Length > 0)
        {
            if (!int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > json.Length)
                return (null, $"{JsonLength} must be from 0 to the length of the body.");
            json = json[..length];
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement, form, (int)body.Length) : (null, "The body must be a JSON object.");
        }
        catch (JsonException exception)
        {
            return (null, $"The body is not valid JSON: {exception.Message}");
        }
    }

    private static (GenerateRequest? Request, string Error) Read(JsonElement root, GenerateForm form, int bodyBytes)
    {
        if (form == GenerateForm.Infer)
            return root.TryGetProperty("inputs", out var tensors) && tensors.ValueKind == JsonValueKind.Array
                ? (new GenerateRequest(Math.Max(1, bodyBytes / 4), InferTokens, false), "")
                : (null, "inputs must be an array of tensors.");

        var (textKey, limitKey) = form == GenerateForm.Tgi ? ("inputs", "max_new_tokens") : ("text_input", "max_tokens");
        if (!root.TryGetProperty(textKey, out var text) || text.ValueKind != JsonValueKind.String)
            return (null, $"{textKey} must be a string.");
        var parameters = root.TryGetProperty("parameters", out var given) && given.ValueKind == JsonValueKind.Object ? given : root;
        var limit = CompletionHandler.DefaultOutputTokens;
        if (parameters.TryGetProperty(limitKey, out var most) || root.TryGetProperty(limitKey, out most))
        {
            if (most.ValueKind != JsonValueKind.Number || !most.TryGetInt32(out limit) || limit is < 1 or > CompletionRequest.MaxOutputTokens)
                return (null, $"{limitKey} must be an integer from 1 to {CompletionRequest.MaxOutputTokens}.");
        }

        var details = parameters.TryGetProperty("details", out var flag) && flag.ValueKind == JsonValueKind.True;
        return (new GenerateRequest(Math.Max(1, (Encoding.UTF8.GetByteCount(text.GetString()!) + 3) / 4), limit, details), "");
    }
}
