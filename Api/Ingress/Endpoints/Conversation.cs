using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>What tells the requests of one conversation from those of others.</summary>
internal static class Conversation
{
    /// <summary>Hash of the session that the client names, else of its user, else of how the conversation begins, else of the request's id.</summary>
    public static ulong Of(string session, InferenceRequest request, ReadOnlySpan<byte> body, string requestId)
    {
        if (session.Length > 0) return Hash(session);
        if (request.User.Length > 0) return Hash(request.User);
        var start = Start(body[request.Prompt]);
        return start.IsEmpty ? Hash(requestId) : XxHash3.HashToUInt64(start);
    }

    /// <summary>
    /// The part of a prompt that the later requests of its conversation repeat: of a list of messages everything up to the end of the user's first one (a system prompt alone is
    /// the same for many conversations), of anything else the whole.
    /// </summary>
    /// <param name="prompt">A whole JSON value.</param>
    public static ReadOnlySpan<byte> Start(ReadOnlySpan<byte> prompt)
    {
        var reader = new Utf8JsonReader(prompt, RequestInspector.Options);
        if (prompt.IsEmpty || !reader.Read() || reader.TokenType != JsonTokenType.StartArray) return prompt;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            if (IsUsers(ref reader)) return prompt[..(int)reader.BytesConsumed];
        }
        return prompt;
    }

    /// <summary>Reads to the end of a message.</summary>
    private static bool IsUsers(ref Utf8JsonReader reader)
    {
        var users = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = reader.ValueSpan.SequenceEqual("role"u8);
            reader.Read();
            if (isRole) users = reader.TokenType == JsonTokenType.String && reader.ValueSpan.SequenceEqual("user"u8);
            reader.Skip();
        }
        return users;
    }

    private static ulong Hash(string text) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()));
}
