using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferMesh.Grains.Backup;

/// <summary>State of grains as text: the same form in which storage keeps it.</summary>
internal static class StateText
{
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    // A backup may have been written by hand: what no state has, no grain need expect.
    private static readonly JsonSerializerOptions Strict = new(Options) { RespectNullableAnnotations = true };

    public static string Write<T>(T state) => JsonSerializer.Serialize(state, Options);

    /// <summary>Null when the text is no such state.</summary>
    public static T? Read<T>(string text)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return HasEmptyPlace(document.RootElement) ? null : document.Deserialize<T>(Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether two values are written the same way.</summary>
    public static bool Same<T>(T one, T other) => Write(one) == Write(other);

    /// <summary>Whether a list within it has a null, which the annotations of its type cannot forbid.</summary>
    private static bool HasEmptyPlace(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().Any(static e => e.ValueKind == JsonValueKind.Null || HasEmptyPlace(e)),
        JsonValueKind.Object => element.EnumerateObject().Any(static p => HasEmptyPlace(p.Value)),
        _ => false,
    };
}
