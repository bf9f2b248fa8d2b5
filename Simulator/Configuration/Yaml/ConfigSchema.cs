using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>JSON schema (draft 2020-12) of a configuration, from the shapes of its records and their documentation comments.</summary>
internal sealed class ConfigSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ConfigDocs _docs = ConfigDocs.Load();
    private readonly SortedDictionary<string, JsonNode> _definitions = new(StringComparer.Ordinal);

    public static string Write()
    {
        var schema = new ConfigSchema();
        var root = schema.Object(typeof(SimConfig), []);
        foreach (var (key, section) in RootKeys.Moved)
        {
            var moved = ConfigShape.Of(typeof(SimConfig)).Keys.First(k => k.Name == section).Type;
            var property = schema.Property(ConfigShape.Of(moved).Keys.First(k => k.Name == key), moved);
            property["description"] = $"The same as {section}.{key}.";
            root["properties"]![key] = property;
        }

        var head = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = "InferMesh simulation" };
        foreach (var (name, value) in root.ToArray())
        {
            root.Remove(name);
            head[name] = value;
        }

        head["$defs"] = new JsonObject(schema._definitions.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)));
        return head.ToJsonString(Indented) + "\n";
    }

    private JsonObject Object(Type type, IReadOnlyList<AliasAttribute> aliases)
    {
        var shape = ConfigShape.Of(type);
        var properties = new JsonObject();
        foreach (var key in shape.Keys) properties[key.Name] = Property(key, type);
        foreach (var alias in aliases)
        {
            properties[alias.Name] = Property(shape.Keys.First(k => k.Name == alias.Key), type);
            properties[alias.Name]!["description"] = $"The same as {alias.Key}.";
        }

        var node = new JsonObject { ["type"] = "object", ["description"] = _docs.Of(type), ["additionalProperties"] = false, ["properties"] = properties };
        if (shape.Keys.Where(k => k.Required).Select(k => k.Name).ToArray() is { Length: > 0 } required) node["required"] = Names(required);
        if (shape.Kind is { } kind) node["allOf"] = new JsonArray([.. Enum.GetValues(kind.Type).Cast<object>().Select(v => (JsonNode)Kind(kind, v, aliases))]);
        return node;
    }

    // If the kind is this (or left out, for the default), then only these keys may be given.
    private static JsonObject Kind(ConfigKey kind, object value, IReadOnlyList<AliasAttribute> aliases)
    {
        var keys = ConfigShape.KeysOf(value);
        var condition = new JsonObject { ["properties"] = new JsonObject { [kind.Name] = new JsonObject { ["const"] = ConfigShape.NameOf(value.ToString()!) } } };
        if (!value.Equals(kind.Default)) condition["required"] = Names([kind.Name]);
        var names = keys.All.Prepend(kind.Name).Concat(aliases.Where(a => keys.All.Contains(a.Key)).Select(a => a.Name));
        var rule = new JsonObject { ["propertyNames"] = new JsonObject { ["enum"] = Names(names) } };
        var required = keys.Required.Select(r => (JsonNode)new JsonObject { ["anyOf"] = new JsonArray([.. aliases.Where(a => a.Key == r).Select(a => a.Name).Prepend(r).Select(n => (JsonNode)new JsonObject { ["required"] = Names([n]) })]) }).ToArray();
        if (required.Length > 0) rule["allOf"] = new JsonArray(required);
        return new JsonObject { ["if"] = condition, ["then"] = rule };
    }

    private JsonObject Property(ConfigKey key, Type owner)
    {
        var node = Value(key.Type, key.Range, key.Aliases);
        node["description"] = _docs.Of(owner, key.Property.Name) + (key.Range is { } range && !range.Range.StartsWith("[, ", StringComparison.Ordinal) ? $" Range: {range.InWords()}." : "");
        if (Default(key.Default) is { } given) node["default"] = given;
        return node;
    }

    private JsonObject Value(Type type, InAttribute? range, IReadOnlyList<AliasAttribute> aliases)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return new() { ["type"] = "string" };
        if (type == typeof(bool)) return new() { ["type"] = "boolean" };
        if (type.IsEnum) return new() { ["enum"] = Names(ScalarReader.Names(type)) };
        if (type == typeof(int) || type == typeof(ulong) || type == typeof(double)) return Number(type, range);
        if (type == typeof((double, double))) return new() { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "number" }, ["minItems"] = 2, ["maxItems"] = 2 };
        if (type == typeof(IReadOnlyDictionary<string, double>)) return new() { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "number" } };
        if (type.IsGenericType) return new() { ["type"] = "array", ["items"] = Value(type.GetGenericArguments()[0], range, []) };
        var name = ConfigShape.NameOf(type.Name) + string.Concat(aliases.Select(a => "_" + a.Name));
        if (_definitions.TryAdd(name, new JsonObject())) _definitions[name] = Section(type, aliases);
        return new() { ["$ref"] = $"#/$defs/{name}" };
    }

    private JsonObject Section(Type type, IReadOnlyList<AliasAttribute> aliases)
    {
        var (shape, node) = (ConfigShape.Of(type), Object(type, aliases));
        if (shape.ShortForm is not { Count: > 0 } keys) return node;
        var first = shape.Keys.First(k => k.Name == keys[0]);
        var brief = Value(first.Type, first.Range, []);
        if (keys.Count > 1) brief = new() { ["type"] = "array", ["items"] = brief, ["minItems"] = keys.Count, ["maxItems"] = keys.Count };
        return new() { ["anyOf"] = new JsonArray(brief, node) };
    }

    private static JsonObject Number(Type type, InAttribute? range)
    {
        var node = new JsonObject { ["type"] = type == typeof(double) ? "number" : "integer" };
        if (type == typeof(ulong)) node["minimum"] = 0;
        if (range is null) return node;
        if (double.IsFinite(range.Min)) node[range.MinOpen ? "exclusiveMinimum" : "minimum"] = range.Min;
        if (double.IsFinite(range.Max)) node[range.MaxOpen ? "exclusiveMaximum" : "maximum"] = range.Max;
        return node;
    }

    private static JsonNode? Default(object? value) => value switch
    {
        bool flag => flag,
        string text => text,
        Enum member => ConfigShape.NameOf(member.ToString()),
        double or int => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        ulong number => number,
        _ => null,
    };

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(n => (JsonNode)n)]);
}
