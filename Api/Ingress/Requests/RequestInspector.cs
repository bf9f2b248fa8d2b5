using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace InferMesh.Api.Ingress.Requests;

/// <summary>
/// Reads what routing needs in one pass over the body, without building a document. What it reads it reads strictly, because the
/// runtime parses the same bytes again: a key that appears twice could mean one model here and another one there.
/// </summary>
internal static class RequestInspector
{
    private const int MaxTextLength = 256;
    private const int BytesPerToken = 4;
    public static readonly JsonReaderOptions Options = new() { MaxDepth = 128 };

    /// <summary>Fills <paramref name="request"/>, or says why the body is refused. Where the address names what is called, the body may leave the model out.</summary>
    public static RequestError? Inspect(ReadOnlySpan<byte> body, out InferenceRequest request, bool modelRequired = true)
    {
        request = default;
        if (body.IsEmpty) return new("The body is empty: send a JSON object.", null, "invalid_json");
        if (!Utf8.IsValid(body)) return new("The body is not valid UTF-8.", null, "invalid_json");
        try
        {
            return Walk(new Utf8JsonReader(body, Options), modelRequired, out request);
        }
        catch (JsonException e)
        {
            return NotJson(e);
        }
        catch (InvalidOperationException)
        {
            // What the reader throws on an escaped half of a surrogate pair.
            return new("The body has a string that is not valid Unicode.", null, "invalid_json");
        }
    }

    /// <summary>Says where a body stops being JSON.</summary>
    public static RequestError NotJson(JsonException e)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine}");
        return new($"The body is not valid JSON ({where}).", null, "invalid_json");
    }

    private static RequestError? Walk(Utf8JsonReader reader, bool modelRequired, out InferenceRequest request)
    {
        request = default;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return new("The body must be a JSON object.", null, "invalid_json");

        var seen = Key.None;
        var modelValue = (int)reader.BytesConsumed..(int)reader.BytesConsumed;
        string? model = null;
        var user = "";
        var stream = false;
        int maxTokens = 0, maxCompletionTokens = 0, maxOutputTokens = 0;
        long promptBytes = 0, promptIds = 0;
        var prompt = ..0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var key = KeyOf(ref reader);
            var name = Name(key);
            if ((seen & key) != 0) return new($"'{name}' appears twice.", name, "duplicate_key");
            seen |= key;
            reader.Read();
            switch (key)
            {
                case Key.Model:
                    if (reader.TokenType != JsonTokenType.String) return Wrong(name, "must be a string");
                    model = reader.GetString()!;
                    modelValue = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
                    if (model.Length is 0 or > MaxTextLength) return Wrong(name, $"must have 1 to {MaxTextLength} characters");
                    break;
                case Key.User:
                    if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null)) return Wrong(name, "must be a string");
                    user = reader.GetString() ?? "";
                    if (user.Length > MaxTextLength) return Wrong(name, $"must have at most {MaxTextLength} characters");
                    break;
                case Key.Stream:
                    if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)) return Wrong(name, "must be true or false");
                    stream = reader.TokenType == JsonTokenType.True;
                    break;
                case Key.MaxTokens:
                    if (!Count(ref reader, out maxTokens)) return Wrong(name, "must be an integer from 0 to 2147483647");
                    break;
                case Key.MaxCompletionTokens:
                    if (!Count(ref reader, out maxCompletionTokens)) return Wrong(name, "must be an integer from 0 to 2147483647");
                    break;
                case Key.MaxOutputTokens:
                    if (!Count(ref reader, out maxOutputTokens)) return Wrong(name, "must be an integer from 0 to 2147483647");
                    break;
                case Key.Messages:
                    if (reader.TokenType != JsonTokenType.StartArray) return Wrong(name, "must be an array");
                    prompt = Measure(ref reader, ref promptBytes, ref promptIds, countNumbers: false);
                    break;
                case Key.Tokens:
                    if (reader.TokenType != JsonTokenType.StartArray) return Wrong(name, "must be an array");
                    prompt = Measure(ref reader, ref promptBytes, ref promptIds, countNumbers: true);
                    break;
                case Key.Prompt:
                case Key.Input:
                    if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.StartArray or JsonTokenType.Null)) return Wrong(name, "must be a string or an array");
                    prompt = Measure(ref reader, ref promptBytes, ref promptIds, countNumbers: true);
                    break;
                case Key.System:
                case Key.Instructions:
                    if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.StartArray or JsonTokenType.Null)) return Wrong(name, "must be a string or an array");
                    _ = Measure(ref reader, ref promptBytes, ref promptIds, countNumbers: false);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        reader.Read(); // Throws when anything follows the object.
        if (model is null && modelRequired) return new("'model' is required.", "model", "missing_required_parameter");

        var tokens = Math.Clamp((promptBytes / BytesPerToken) + promptIds, 1, int.MaxValue);
        var most = maxCompletionTokens > 0 ? maxCompletionTokens : maxOutputTokens > 0 ? maxOutputTokens : maxTokens;
        request = new(model ?? "", stream, most, (int)tokens, user, prompt) { ModelValue = modelValue };
        return null;
    }

    /// <summary>Adds up the strings of a value, and says where it stands; a prompt may also be given as token ids.</summary>
    private static Range Measure(ref Utf8JsonReader reader, ref long bytes, ref long ids, bool countNumbers)
    {
        var depth = reader.CurrentDepth;
        var start = (int)reader.TokenStartIndex;
        do
        {
            // An inline picture is megabytes of base64 and a few hundred tokens.
            if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.StartsWith("data:"u8)) bytes += reader.ValueSpan.Length;
            else if (countNumbers && reader.TokenType == JsonTokenType.Number) ids++;
        }
        while ((reader.CurrentDepth > depth || reader.TokenType == JsonTokenType.StartArray) && reader.Read());
        return start..(int)reader.BytesConsumed;
    }

    private static bool Count(ref Utf8JsonReader reader, out int value)
    {
        value = 0;
        return reader.TokenType == JsonTokenType.Null || (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out value) && value >= 0);
    }

    private static RequestError Wrong(string name, string rule) => new($"'{name}' {rule}.", name, "invalid_value");

    private static Key KeyOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("model"u8) ? Key.Model
        : reader.ValueTextEquals("messages"u8) ? Key.Messages
        : reader.ValueTextEquals("prompt"u8) ? Key.Prompt
        : reader.ValueTextEquals("input"u8) ? Key.Input
        : reader.ValueTextEquals("instructions"u8) ? Key.Instructions
        : reader.ValueTextEquals("system"u8) ? Key.System
        : reader.ValueTextEquals("tokens"u8) ? Key.Tokens
        : reader.ValueTextEquals("max_output_tokens"u8) ? Key.MaxOutputTokens
        : reader.ValueTextEquals("stream"u8) ? Key.Stream
        : reader.ValueTextEquals("user"u8) ? Key.User
        : reader.ValueTextEquals("max_tokens"u8) ? Key.MaxTokens
        : reader.ValueTextEquals("max_completion_tokens"u8) ? Key.MaxCompletionTokens
        : Key.None;

    private static string Name(Key key) => key switch
    {
        Key.MaxTokens => "max_tokens",
        Key.MaxCompletionTokens => "max_completion_tokens",
        Key.MaxOutputTokens => "max_output_tokens",
        Key.Model => "model",
        Key.Messages => "messages",
        Key.Prompt => "prompt",
        Key.Input => "input",
        Key.Instructions => "instructions",
        Key.System => "system",
        Key.Tokens => "tokens",
        Key.Stream => "stream",
        Key.User => "user",
        _ => "",
    };

    [Flags]
    private enum Key
    {
        None = 0,
        Model = 1,
        Messages = 2,
        Prompt = 4,
        Stream = 8,
        User = 16,
        MaxTokens = 32,
        MaxCompletionTokens = 64,
        Input = 128,
        Instructions = 256,
        System = 512,
        Tokens = 1024,
        MaxOutputTokens = 2048,
    }
}
