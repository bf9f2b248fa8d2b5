using System.Globalization;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary>Members of answers; what is absent is an empty text.</summary>
internal static class JsonFields
{
    public static string Text(this JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? Plain(value) : "";

    /// <summary>A member of a member, as in <c>spec.kind</c>.</summary>
    public static string Path(this JsonElement element, string path) => element.Find(path) is { } value ? Plain(value) : "";

    /// <summary>A member of a member; null when it is absent or null.</summary>
    public static JsonElement? Find(this JsonElement element, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        }

        return element.ValueKind == JsonValueKind.Null ? null : element;
    }

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    /// <summary>A list of texts, with a separator between them.</summary>
    public static string Words(this JsonElement element, string path, string separator = ",") =>
        element.Find(path) is { ValueKind: JsonValueKind.Array } list ? string.Join(separator, list.EnumerateArray().Select(Plain)) : "";

    public static IEnumerable<JsonProperty> Members(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var map) && map.ValueKind == JsonValueKind.Object ? map.EnumerateObject() : [];

    /// <summary>A map of texts as <c>key=value</c>, by key.</summary>
    public static string Pairs(this JsonElement element, string name) =>
        string.Join(',', element.Members(name).OrderBy(static m => m.Name, StringComparer.Ordinal).Select(static m => $"{m.Name}={Plain(m.Value)}"));

    public static JsonElement? Object(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    public static long Number(this JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : 0;

    /// <summary>A number of a member of a member; null when it is unknown.</summary>
    public static double? Amount(this JsonElement element, string path) => element.Find(path) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? number : null;

    /// <summary>A time, in UTC and to the second.</summary>
    public static string Time(this JsonElement element, string path) =>
        element.Find(path) is { ValueKind: JsonValueKind.String } value && value.TryGetDateTimeOffset(out var time) ? time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";

    /// <summary>A number with two decimals.</summary>
    public static string Decimal(this JsonElement element, string path) => element.Amount(path) is { } number ? number.ToString("0.##", CultureInfo.InvariantCulture) : "";

    private static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.Null => "",
        _ => value.GetRawText(),
    };
}
