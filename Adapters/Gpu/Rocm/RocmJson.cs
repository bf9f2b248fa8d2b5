using System.Globalization;
using System.Text.Json;

namespace InferMesh.Adapters.Gpu.Rocm;

/// <summary>Reads the JSON of AMD's tools without trusting its form.</summary>
internal static class RocmJson
{
    /// <summary>Stands between the parts of a path: keys themselves hold slashes.</summary>
    public const char Separator = '>';

    private const int MaxDepth = 32;

    /// <summary>The document in an output, which may begin with lines of warnings; null when there is none.</summary>
    public static JsonDocument? Parse(string output)
    {
        const int MostAttempts = 8; // a warning may begin with a bracket of its own
        var from = 0;
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var start = output.AsSpan(from).IndexOfAny('{', '[');
            if (start < 0)
                return null;
            try
            {
                return JsonDocument.Parse(output.AsMemory(from + start), new JsonDocumentOptions { MaxDepth = MaxDepth });
            }
            catch (JsonException)
            {
                var line = output.IndexOf('\n', from + start);
                if (line < 0)
                    return null;
                from = line + 1;
            }
        }
        return null;
    }

    /// <summary>The element at a path such as <c>usage&gt;gfx_activity</c>; null when there is none.</summary>
    public static JsonElement? At(JsonElement element, string path)
    {
        foreach (var part in path.Split(Separator))
        {
            if (Property(element, part) is not { } next)
                return null;
            element = next;
        }
        return element;
    }

    /// <summary>A value as text: a text, a number, or a number with its unit beside it. Null when it is nothing of that.</summary>
    public static string? Text(JsonElement? element) => element switch
    {
        { ValueKind: JsonValueKind.String } text => Decoded(text),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        { ValueKind: JsonValueKind.True } => "Yes",
        { ValueKind: JsonValueKind.False } => "No",
        { ValueKind: JsonValueKind.Object } pair when Text(At(pair, "value")) is { } value => $"{value} {Text(At(pair, "unit"))}".TrimEnd(),
        _ => null,
    };

    /// <summary>The objects of an object by a whole number in their keys, such as <c>card3</c>, in order.</summary>
    public static SortedDictionary<int, JsonElement> Numbered(JsonElement root, string prefix)
    {
        var found = new SortedDictionary<int, JsonElement>();
        if (root.ValueKind != JsonValueKind.Object)
            return found;
        foreach (var property in root.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object && Name(property) is { } name && name.StartsWith(prefix, StringComparison.Ordinal)
                && Index(name[prefix.Length..]) is { } index)
                found[index] = property.Value;
        }
        return found;
    }

    /// <summary>An index of a GPU: no machine has a million of them.</summary>
    public static int? Index(string? text)
    {
        const int MostDigits = 6;
        return text is { Length: <= MostDigits } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
    }

    private static JsonElement? Property(JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var found) ? found : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a key beside it is half of a surrogate pair: valid JSON, and no text
        }
    }

    private static string? Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null; // as above
        }
    }

    private static string? Decoded(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // as above
        }
    }
}
