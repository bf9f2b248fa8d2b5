using System.Globalization;
using System.Text.Json;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Reads the JSON of servers that are not trusted to keep to their own schema: what is not as expected is absent.</summary>
internal static class RuntimeJson
{
    public static JsonElement? Get(this JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement item, string name) =>
        item.Get(name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>A whole number, not negative, as a number or, as some servers write versions and counts, as text.</summary>
    public static int? Count(this JsonElement item, string name) => item.Get(name) switch
    {
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= 0 => number,
        { ValueKind: JsonValueKind.String } value when int.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    public static bool? Flag(this JsonElement item, string name) => item.Get(name)?.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The items of a list; none where it is no list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement? list) =>
        list is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    /// <summary>Runs a reader over a body.</summary>
    /// <returns>Its result, or the default with the reason.</returns>
    public static T? Read<T>(ReadOnlyMemory<byte> body, string what, Func<JsonElement, T?> read, out string? error)
    {
        error = null;
        try
        {
            using var document = JsonDocument.Parse(body);
            return read(document.RootElement);
        }
        // Text that is no UTF-8 passes the parser and throws on its first use, as InvalidOperationException.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = $"{what}: the answer is no JSON";
            return default;
        }
    }

    public static string Write(object body) => JsonSerializer.Serialize(body);
}
