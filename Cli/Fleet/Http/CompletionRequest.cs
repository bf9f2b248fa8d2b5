using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>What the synthetic runtime reads of an OpenAI request; other fields are accepted and have no effect.</summary>
/// <param name="Model">Name asked for.</param>
/// <param name="PromptTokens">Estimate: UTF-8 bytes of the contents over 4, rounded up; token ids count one each; at least 1.</param>
/// <param name="MaxTokens">Limit of the client, or null.</param>
/// <param name="Stream">Whether to answer with server-sent events.</param>
/// <param name="IncludeUsage">Whether a stream ends with a usage chunk.</param>
/// <param name="Tool">Function that the answer calls, or null when it is text.</param>
internal sealed record CompletionRequest(string Model, int PromptTokens, int? MaxTokens, bool Stream, bool IncludeUsage, string? Tool = null)
{
    public const int MaxOutputTokens = 1_000_000;

    /// <summary>Reads a body.</summary>
    /// <returns>Null and an error when it is not a request that can be served.</returns>
    public static CompletionRequest? Read(ReadOnlySequence<byte> body, bool chat, out RequestError error)
    {
        error = default;
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement, chat, out error);
        }
        catch (JsonException exception)
        {
            error = new RequestError($"The body is not valid JSON: {exception.Message}", null);
            return null;
        }
    }

    private static CompletionRequest? Read(JsonElement root, bool chat, out RequestError error)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return Fail("The body must be a JSON object.", null, out error);
        if (!root.TryGetProperty("model", out var model) || model.ValueKind != JsonValueKind.String || model.GetString() is not { Length: > 0 } name)
            return Fail("model must be a non-empty string.", "model", out error);

        var field = chat ? "messages" : "prompt";
        var bytes = 0L;
        var tokens = 0L;
        if (!root.TryGetProperty(field, out var content) || !(chat ? TryCountMessages(content, ref bytes) : TryCountPrompt(content, ref bytes, ref tokens)))
        {
            var shape = chat ? "a non-empty array of objects with a role and a content" : "a string or an array of token ids";
            return Fail($"{field} must be {shape}.", field, out error);
        }

        int? limit = null;
        foreach (var key in (ReadOnlySpan<string>)["max_completion_tokens", "max_tokens"])
        {
            if (limit is null && root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number) || number is < 1 or > MaxOutputTokens)
                    return Fail($"{key} must be an integer from 1 to {MaxOutputTokens}.", key, out error);
                limit = number;
            }
        }

        if (!TryReadFlag(root, "stream", out var stream))
            return Fail("stream must be true or false.", "stream", out error);
        var includeUsage = false;
        if (root.TryGetProperty("stream_options", out var options) && options.ValueKind != JsonValueKind.Null
            && (options.ValueKind != JsonValueKind.Object || !TryReadFlag(options, "include_usage", out includeUsage)))
        {
            return Fail("stream_options must be an object; include_usage in it true or false.", "stream_options", out error);
        }

        if (root.TryGetProperty("n", out var n) && n.ValueKind != JsonValueKind.Null && !(n.ValueKind == JsonValueKind.Number && n.TryGetInt32(out var count) && count == 1))
            return Fail("n must be 1: a synthetic node answers with one choice.", "n", out error);

        if (!ToolChoice.TryRead(root, chat, out var tool))
            return Fail("tools must be an array of functions with a name, tool_choice none, auto, required or one of them.", "tools", out error);

        error = default;
        var promptTokens = (int)Math.Clamp(tokens + (bytes + 3) / 4, 1, int.MaxValue / 2);
        return new CompletionRequest(name, promptTokens, limit, stream, includeUsage, tool);
    }

    private static bool TryCountMessages(JsonElement messages, ref long bytes)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            return false;
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String)
                return false;

            // An assistant's message that only calls tools has no content, or null.
            if (message.TryGetProperty("content", out var content) && content.ValueKind != JsonValueKind.Null && !TryCountContent(content, ref bytes))
                return false;
        }

        return true;
    }

    private static bool TryCountContent(JsonElement content, ref long bytes)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            bytes += Utf8Length(content);
            return true;
        }

        if (content.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var part in content.EnumerateArray())
        {
            if (part.ValueKind != JsonValueKind.Object)
                return false;
            if (part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String)
                bytes += Utf8Length(text);
        }

        return true;
    }

    private static bool TryCountPrompt(JsonElement prompt, ref long bytes, ref long tokens)
    {
        if (prompt.ValueKind == JsonValueKind.String)
        {
            bytes += Utf8Length(prompt);
            return true;
        }

        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0)
            return false;
        if (prompt.GetArrayLength() == 1 && prompt[0].ValueKind is JsonValueKind.String or JsonValueKind.Array)
            return TryCountPrompt(prompt[0], ref bytes, ref tokens);
        foreach (var token in prompt.EnumerateArray())
        {
            if (token.ValueKind != JsonValueKind.Number)
                return false;
            tokens++;
        }

        return true;
    }

    private static bool TryReadFlag(JsonElement parent, string key, out bool flag)
    {
        flag = false;
        if (!parent.TryGetProperty(key, out var value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.False)
            return true;
        flag = value.ValueKind == JsonValueKind.True;
        return flag;
    }

    private static long Utf8Length(JsonElement text)
    {
        // Without an escape, the raw bytes between the quotes are the text: prompts are long, a string of each would be waste.
        var raw = JsonMarshal.GetRawUtf8Value(text);
        return raw.Contains((byte)'\\') ? Encoding.UTF8.GetByteCount(text.GetString()!) : raw.Length - 2;
    }

    private static CompletionRequest? Fail(string message, string? param, out RequestError error)
    {
        error = new RequestError(message, param);
        return null;
    }
}

/// <summary>Why a request cannot be served, and the field to fix.</summary>
internal readonly record struct RequestError(string Message, string? Param);
