using System.Text.Json;
using System.Text.Unicode;

namespace InferMesh.Api.Ingress.Requests;

/// <summary>Names of the fields of a request to generate text.</summary>
/// <param name="Text">Field of the prompt.</param>
/// <param name="MaxTokens">Field of the most tokens to generate; in the body or in its <c>parameters</c>.</param>
/// <param name="IsTextRequired">Whether a body without a prompt is refused here.</param>
internal sealed record GenerateKeys(string Text, string MaxTokens, bool IsTextRequired);

/// <summary>Reads what routing needs of the body of a <c>generate</c> call, as TGI and Triton have it: the model is named elsewhere.</summary>
internal static class GenerateInspector
{
    private const int BytesPerToken = 4;

    /// <summary>Fills <paramref name="request"/>, or says why the body is refused.</summary>
    public static RequestError? Inspect(ReadOnlySpan<byte> body, GenerateKeys keys, string model, bool stream, out InferenceRequest request)
    {
        request = InferenceRequest.Unread(model) with { Stream = stream };
        if (body.IsEmpty) return new("The body is empty: send a JSON object.", null, "invalid_json");
        if (!Utf8.IsValid(body)) return new("The body is not valid UTF-8.", null, "invalid_json");
        try
        {
            return Walk(new Utf8JsonReader(body, RequestInspector.Options), keys, ref request);
        }
        catch (JsonException e)
        {
            return RequestInspector.NotJson(e);
        }
        catch (InvalidOperationException)
        {
            // What the reader throws on an escaped half of a surrogate pair.
            return new("The body has a name that is not valid Unicode.", null, "invalid_json");
        }
    }

    private static RequestError? Walk(Utf8JsonReader reader, GenerateKeys keys, ref InferenceRequest request)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return new("The body must be a JSON object.", null, "invalid_json");
        var hasText = false;
        var depth = 1;
        while (reader.Read() && depth > 0)
        {
            if (reader.TokenType == JsonTokenType.EndObject)
            {
                depth--;
                continue;
            }
            var isText = depth == 1 && reader.ValueTextEquals(keys.Text);
            var isLimit = reader.ValueTextEquals(keys.MaxTokens);
            var isParameters = depth == 1 && reader.ValueTextEquals("parameters"u8);
            reader.Read();
            if (isText && reader.TokenType == JsonTokenType.String)
            {
                hasText = true;
                var start = (int)reader.TokenStartIndex;
                request = request with { PromptTokens = Math.Max(1, reader.ValueSpan.Length / BytesPerToken), Prompt = start..(int)reader.BytesConsumed };
            }
            else if (isLimit && reader.TokenType != JsonTokenType.Null)
            {
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var most) || most < 0)
                    return new($"'{keys.MaxTokens}' must be an integer from 0 to 2147483647.", keys.MaxTokens, "invalid_value");
                request = request with { MaxOutputTokens = most };
            }
            else if (isParameters && reader.TokenType == JsonTokenType.StartObject)
            {
                depth++;
                continue;
            }
            reader.Skip();
        }
        return hasText || !keys.IsTextRequired ? null : new($"'{keys.Text}' is required and must be a string.", keys.Text, "missing_required_parameter");
    }
}
